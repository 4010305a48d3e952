from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sign.cosign import Workplace
from tests.platform.registries import DebianRegistry, ReferrersRegistry


@pytest.fixture(scope="session", params=["referrers", "fallback tag"])
def workplace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    folder: Path = tmp_path_factory.mktemp("sign")
    starting: type[ReferrersRegistry | DebianRegistry] = (
        ReferrersRegistry if request.param == "referrers" else DebianRegistry
    )
    with starting.start(folder / "registry") as registry:
        yield Workplace.in_folder(folder, registry.address)
