from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sign.attacks import Scene
from tests.integration.sign.cosign import Workplace
from tests.integration.sign.keyless import Keyless
from tests.platform.registries import DebianRegistry, ReferrersRegistry
from tests.platform.sigstore.deployment import SigstoreDeployment


@pytest.fixture(scope="session", params=["referrers", "fallback tag"])
def workplace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    folder: Path = tmp_path_factory.mktemp("sign")
    starting: type[ReferrersRegistry | DebianRegistry] = (
        ReferrersRegistry if request.param == "referrers" else DebianRegistry
    )
    with starting.start(folder / "registry") as registry:
        yield Workplace.in_folder(folder, registry.address)


@pytest.fixture(scope="session")
def keyless(workplace: Workplace, sigstore_deployment: SigstoreDeployment) -> Keyless:
    return Keyless(workplace, sigstore_deployment)


@pytest.fixture
def scene_anywhere(keyless: Keyless) -> Scene:
    """For what depends on how the registry keeps referrers."""
    return Scene.set_up(keyless)


@pytest.fixture(scope="session")
def referring_workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    folder = tmp_path_factory.mktemp("attacks")
    with ReferrersRegistry.start(folder / "registry") as registry:
        yield Workplace(folder, registry.address)


@pytest.fixture
def scene(referring_workplace: Workplace, sigstore_deployment: SigstoreDeployment) -> Scene:
    """For what is the same on every registry."""
    return Scene.set_up(Keyless(referring_workplace, sigstore_deployment))
