"""How the puller writes a record: signed by whom its options name, where they say, with or without the source."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import wiring
from pipeline.errors import PipelineError
from pipeline.expressions.cel import CelExpressions
from pipeline.model.deployments.record import Deployed
from pipeline.model.flux.options import PullerOptions
from pipeline.model.manifests import Body
from pipeline.model.settings.signing import SigningOptions
from pipeline.puller.deployment_writing import DeploymentWriter
from pipeline.puller.deployments import Deployment
from pipeline.puller.keys import OCI_REPOSITORY
from pipeline.puller.sources.private_files import PrivateFiles
from pipeline.puller.store import ObjectStore
from pipeline.signers.cosign import CosignVerifier
from tests.contract.registry.servers import Silent
from tests.unit.deployments.support import NOW, Shop
from tests.unit.sign.support import signer

INVENTORY = "Kustomization apps/shop"
GONE = Deployment(
    body={"metadata": {"name": "shop", "namespace": "apps", "uid": "1"}},
    cluster="prod",
    source=("apps", "shop"),
    digest="sha256:" + "ab" * 32,
    rendering="",
    time=NOW + 5,
    result=Deployed.DELETED,
)


class _Api:
    """A cluster with this one ConfigMap."""

    def __init__(self, data: dict[str, str]) -> None:
        self._data = data

    def read(self, _type: object, namespace: str, name: str) -> Body | None:
        return {"data": self._data} if (namespace, name) == ("flux-system", "sigstore") else None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[SigningOptions]:
    """Whom records are signed by: as asked for, it is the cluster's key in any case."""
    seen: list[SigningOptions] = []

    def open_signer(options: SigningOptions, *_rest: object) -> object:
        seen.append(options)
        return signer("cluster")

    monkeypatch.setattr(wiring, "signer", open_signer)
    return seen


def _writer(shop: Shop, tmp_path: Path, data: dict[str, str] | None = None, **options: Any) -> DeploymentWriter:  # noqa: ANN401
    deps: Any = SimpleNamespace(
        options=PullerOptions(namespace="flux-system", **options),
        api=_Api(data or {}),
        environment={},
        reporter=Silent(),
        files=PrivateFiles(tmp_path),
        connect=lambda *_: shop.records,
    )
    return DeploymentWriter(
        sources=ObjectStore(OCI_REPOSITORY), deps=deps, verifier=CosignVerifier(), expressions=CelExpressions()
    )


@pytest.mark.usefixtures("asked")
def test_a_deletion_needs_no_source_where_records_have_a_repository(tmp_path: Path) -> None:
    shop = Shop()
    shop.deploy("one", inventory=INVENTORY)

    _writer(shop, tmp_path, record_repository=str(shop.records.repository), record_keyless=True).write(GONE)

    found = shop.newest(inventory="apps/shop").record
    assert (found.result, found.digest) == (Deployed.DELETED, shop.publish("one").digest)


@pytest.mark.usefixtures("asked")
def test_where_records_are_beside_artifacts_a_deletion_needs_the_source(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="its source OCIRepository apps/shop is gone"):
        _writer(Shop(), tmp_path, record_keyless=True).write(GONE)


def test_a_key_management_service_or_the_service_account_signs(asked: list[SigningOptions], tmp_path: Path) -> None:
    shop = Shop()
    shop.deploy("one", inventory=INVENTORY)
    place: dict[str, Any] = {"record_repository": str(shop.records.repository)}
    documents = {"signing_config.json": "{1}", "trusted_root.json": "{2}"}

    _writer(shop, tmp_path, record_signing_key="awskms:///alias/records", **place).write(GONE)
    _writer(shop, tmp_path, documents, record_keyless=True, record_sigstore="sigstore", **place).write(GONE)

    assert (asked[0].key, asked[0].keyless) == ("awskms:///alias/records", False)
    assert (asked[1].key, asked[1].keyless) == (None, True)
    files = [Path(str(name)).read_text() for name in (asked[1].signing_config, asked[1].trusted_root)]
    assert files == ["{1}", "{2}"]


def test_a_private_sigstore_without_its_documents_is_told(asked: list[SigningOptions], tmp_path: Path) -> None:
    shop = Shop()
    options = {"record_repository": str(shop.records.repository), "record_keyless": True}

    with pytest.raises(PipelineError, match=r"configmap 'flux-system/sigstore' has no 'signing_config\.json'"):
        _writer(shop, tmp_path, {}, record_sigstore="sigstore", **options).write(GONE)
    with pytest.raises(PipelineError, match="configmap 'flux-system/other' not found"):
        _writer(shop, tmp_path, {}, record_sigstore="other", **options).write(GONE)
    assert asked == []
