"""Deleting from a registry that was not told to allow it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import RegistryError
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.registries.oci import connect
from tests.contract.registry.servers import Silent
from tests.contract.registry.test_registry_contract import manifest
from tests.platform.faults import Fault, FaultProxy
from tests.platform.registries import ReferrersRegistry

pytestmark = [pytest.mark.registry]


def test_a_registry_that_deletes_nothing_is_told_from_one_that_failed(tmp_path: Path) -> None:
    with (
        ReferrersRegistry.start(tmp_path / "registry") as started,
        FaultProxy.before_registry(started.address) as proxy,
    ):
        registry = connect(Repository(proxy.address, "shop"), RegistryOptions(), {}, Silent())
        doomed = registry.write_manifest(manifest(registry), "v1")
        for status in (400, 405, 501):
            fault = Fault(status=status, body=b'{"errors": [{"code": "UNSUPPORTED"}]}')
            proxy.inject(fault, method="DELETE", times=1)

            with pytest.raises(RegistryError, match="the registry deletes nothing") as caught:
                registry.delete_manifest(doomed.digest, ("v1",))

            assert (caught.value.code, caught.value.exit_code) == ("registry.no-deletion", 5)
            assert "allow deletion in the registry's configuration" in str(caught.value.hint)
        assert registry.resolve("v1").digest == doomed.digest
        registry.delete_manifest(doomed.digest, ("v1",))
        assert list(registry.tags()) == []
