"""One API server with one reconciler on it, and a namespace for each test.

The reconciler is the puller. With ``GITLESS_TEST_RECONCILER=flux`` Flux's own
controllers take its place: what the tests then say of them is true, or the test is wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.flux import controllers, install_definitions
from tests.platform.puller import Puller, puller
from tests.platform.registries import ReferrersRegistry
from tests.reconciling import World

IS_FLUX = os.environ.get("GITLESS_TEST_RECONCILER") == "flux"
only_ours = pytest.mark.skipif(IS_FLUX, reason="the test is about the puller alone")


@dataclass
class Ground:
    """What the tests of a module share."""

    plane: ControlPlane
    registry: ReferrersRegistry
    folder: Path
    puller: Puller | None = None
    _worlds: list[str] = field(default_factory=list)

    def world(self) -> World:
        """A namespace of one's own."""
        name = f"test-{uuid.uuid4().hex[:8]}"
        logs = (lambda: "") if self.puller is None else self.puller.logs
        made = World(self.plane.access, self.registry.address, name, logs)
        made.put({"kind": "Namespace", "metadata": {"name": name}})
        self._worlds.append(name)
        return made


@contextmanager
def reconciler(ground: Ground, folder: Path) -> Iterator[Puller | None]:
    """The puller, or Flux's controllers, on that ground."""
    if IS_FLUX:
        with controllers(folder, ground.plane.kubeconfig):
            yield None
        return
    with puller(folder, ground.plane.kubeconfig) as started:
        ground.puller = started
        yield started


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A control plane with workloads, a registry, and the reconciler with its default options."""
    folder = tmp_path_factory.mktemp("puller")
    with (
        ControlPlane.start(folder / "cluster") as plane,
        ReferrersRegistry.start(folder / "registry") as registry,
    ):
        install_definitions(plane.kubeconfig)
        made = Ground(plane, registry, folder)
        with reconciler(made, folder / "reconciler"):
            yield made


@dataclass(frozen=True)
class Signing:
    """A key pair, and signing with it by the pipeline's own command."""

    folder: Path

    def keys(self, world: World, name: str) -> None:
        """Put the public key into a Secret."""
        content = {"cosign.pub": (self.folder / "cosign.pub").read_text()}
        world.put({"kind": "Secret", "metadata": {"name": name}, "stringData": content})

    def sign(self, reference: str) -> None:
        """Sign a digest."""
        self.gitless("sign", f"oci://{reference}", "--key", "cosign.key")

    def gitless(self, *arguments: str) -> None:
        """Run the command in the folder of the keys."""
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments],
            cwd=self.folder,
            env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "COSIGN_PASSWORD": "throw-away"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Signing:
    """A key pair of this run."""
    made = Signing(tmp_path_factory.mktemp("signing"))
    made.gitless("keys", "generate")
    return made


@pytest.fixture
def world(ground: Ground) -> World:
    """A namespace of the test's own, with the reconciler watching."""
    return ground.world()
