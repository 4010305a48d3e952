"""A cluster that Flux's controllers and the puller rule in turn, or side by side."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.flux import Flux, controllers, install_definitions
from tests.platform.puller import Puller, puller
from tests.platform.registries import ReferrersRegistry
from tests.reconciling import World


@dataclass(frozen=True)
class Realm:
    """One control plane without workloads, one registry, and nobody who reconciles until a test says so."""

    plane: ControlPlane
    registry: ReferrersRegistry
    folder: Path

    def world(self) -> World:
        """A namespace of one's own."""
        made = World(self.plane.access, self.registry.address, f"realm-{uuid.uuid4().hex[:8]}")
        made.put({"kind": "Namespace", "metadata": {"name": made.namespace}})
        return made

    @contextmanager
    def flux(self, *, leader_election: bool = False, watch_label_selector: str = "") -> Iterator[Flux]:
        """Flux's controllers rule."""
        folder = self.folder / f"flux-{uuid.uuid4().hex[:8]}"
        with controllers(
            folder,
            self.plane.kubeconfig,
            leader_election=leader_election,
            watch_label_selector=watch_label_selector,
        ) as started:
            yield started
            started.stop()

    @contextmanager
    def puller(
        self, *, wait: bool = True, leader_election: bool = False, watch_label_selector: str | None = None
    ) -> Iterator[Puller]:
        """The puller rules."""
        folder = self.folder / f"puller-{uuid.uuid4().hex[:8]}"
        with puller(
            folder,
            self.plane.kubeconfig,
            wait=wait,
            enable_leader_election=leader_election,
            watch_label_selector=watch_label_selector,
        ) as started:
            yield started


@pytest.fixture(scope="session")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    folder = tmp_path_factory.mktemp("realm")
    with (
        ControlPlane.start(folder / "cluster", workloads=False) as plane,
        ReferrersRegistry.start(folder / "registry") as registry,
    ):
        install_definitions(plane.kubeconfig)
        yield Realm(plane, registry, folder)
