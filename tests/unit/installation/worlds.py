"""A cluster in memory in which an installation comes up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.model.flux.api import DEPLOYMENTS
from pipeline.model.installation.kinds import DEFINITION_TYPE, NAMESPACES
from pipeline.model.installation.options import InstallOptions
from pipeline.model.manifests import ObjectId
from pipeline.operations.install import InstallSettings, install
from pipeline.operations.uninstall import UninstallSettings, uninstall
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock

OPTIONS = InstallOptions(version="1.2.3")


class Talk:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        del fields
        self.lines.append(message)

    def detail(self, message: str, **fields: object) -> None:
        self.info(message, **fields)

    def warn(self, message: str, **fields: object) -> None:
        self.info(message, **fields)

    def progress(self, label: str, done: int, total: int) -> None:
        del label, done, total


class World(MemoryApiServer):
    """An API server whose definitions are established and whose Deployments work as soon as they are applied."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MemoryClock()
        self.talk = Talk()
        self.works = True
        self.establishes = True

    def apply(self, resource_type: Any, body: Any, *, manager: str, force: bool, dry_run: bool = False) -> Any:  # noqa: ANN401
        after = super().apply(resource_type, body, manager=manager, force=force, dry_run=dry_run)
        if not dry_run:
            self._live_on(resource_type, after)
        return after

    def _live_on(self, resource_type: Any, body: Mapping[str, Any]) -> None:  # noqa: ANN401
        generation = body["metadata"].get("generation", 0)
        status: dict[str, Any] = {}
        if resource_type == DEFINITION_TYPE and self.establishes:
            conditions = [{"type": kind, "status": "True"} for kind in ("NamesAccepted", "Established")]
            status = {"conditions": conditions, "storedVersions": ["v1"]}
        elif resource_type == DEPLOYMENTS and self.works:
            counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), 1)
            progress = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
            conditions = [{"type": "Available", "status": "True"}, progress]
            status = {**counts, "conditions": conditions, "observedGeneration": generation}
        if status:
            self._write_status(resource_type, body, status)

    def _write_status(self, resource_type: Any, body: Mapping[str, Any], status: Mapping[str, Any]) -> None:  # noqa: ANN401
        metadata = body["metadata"]
        object_id = ObjectId(resource_type.group, resource_type.kind, metadata.get("namespace", ""), metadata["name"])
        self.merge_patch(resource_type, object_id, {"status": status}, manager="controller", subresource="status")

    def install(self, options: InstallOptions = OPTIONS, **settings: Any) -> Any:  # noqa: ANN401
        return install(options, self, InstallSettings(**settings), reporter=self.talk, clock=self.clock)

    def uninstall(self, namespace: str = "flux-system", **settings: Any) -> Any:  # noqa: ANN401
        return uninstall(namespace, self, UninstallSettings(**settings), reporter=self.talk, clock=self.clock)

    def writes(self) -> list[str]:
        """What was written since this was asked last."""
        found = [
            f"{operation} {subject}" for operation, subject in self.requests
            if operation in {"apply", "create", "replace", "merge_patch", "delete"}
        ]  # fmt: skip
        self.requests.clear()
        return found

    def put(self, kind: Any, body: Mapping[str, Any]) -> None:  # noqa: ANN401
        self.create(kind, body, manager="test")


def flux_controller(name: str = "kustomize-controller", *, replicas: int = 1) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/component": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "flux-system", "labels": labels},
        "spec": {"replicas": 1},
        "status": {"availableReplicas": replicas},
    }


def with_flux(world: World, *, replicas: int = 1) -> None:
    world.put(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}})
    body = flux_controller()
    world.put(DEPLOYMENTS, body)
    world._write_status(DEPLOYMENTS, body, {"availableReplicas": replicas})
