"""A cluster that Flux's controllers and the puller rule in turn, or side by side."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.flux import KUSTOMIZE, NAMESPACE, SOURCE, Flux, controllers, install_definitions
from tests.platform.puller import Puller, puller
from tests.platform.registries import ReferrersRegistry
from tests.reconciling import World


@dataclass(frozen=True)
class Realm:
    """One control plane without workloads, one registry, and nobody who reconciles until a test says so."""

    plane: ControlPlane
    registry: ReferrersRegistry
    folder: Path
    _worlds: list[World] = field(default_factory=list)

    def world(self) -> World:
        """A namespace of one's own; what was asked for in the one before is asked for no more.

        Else each new Flux would first try to fetch what an earlier one served.
        """
        if self._worlds:
            self._worlds.pop().abandon()
        made = World(self.plane.access, self.registry.address, f"realm-{uuid.uuid4().hex[:8]}")
        made.put({"kind": "Namespace", "metadata": {"name": made.namespace}})
        self._worlds.append(made)
        return made

    @contextmanager
    def flux(self, *, watch_label_selector: str = "") -> Iterator[Flux]:
        """Flux's controllers rule."""
        folder = self.folder / f"flux-{uuid.uuid4().hex[:8]}"
        with controllers(folder, self.plane.kubeconfig, watch_label_selector=watch_label_selector) as started:
            yield started

    @contextmanager
    def leases(self, *, watch_label_selector: str = "") -> Iterator[None]:
        """The Leases that Flux's controllers hold where they run in pods; here they cannot."""
        world = World(self.plane.access, self.registry.address, NAMESPACE)
        # pkg/runtime/leaderelection, GenerateID: a shard's has the hash of its selector.
        shard = hashlib.sha256(watch_label_selector.encode()).hexdigest()[:8]
        names = [f"{name}-leader-election" for name in (SOURCE, KUSTOMIZE)]
        names = [f"{name}-{shard}" if watch_label_selector else name for name in names]
        for name in names:
            holder = f"{name.partition('-leader')[0]}-5f7b9c-x1_{uuid.uuid4()}"
            renewed = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            spec = {"holderIdentity": holder, "leaseDurationSeconds": 35, "renewTime": renewed, "acquireTime": renewed}
            world.put({"kind": "Lease", "metadata": {"name": name}, "spec": spec})
        try:
            yield
        finally:
            for name in names:
                world.delete("Lease", name)

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
