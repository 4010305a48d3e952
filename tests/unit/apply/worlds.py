"""A cluster in memory to apply to, and manifests to apply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from pipeline.model.applying.guards import Guards, PruneLimit
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.trust.policy import UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.stages.apply import apply
from pipeline.stages.fetch import trust_local
from pipeline.testing.clock import MemoryClock
from pipeline.testing.cluster import MemoryCluster

Body = dict[str, Any]
Make = Callable[[str], Body]
Scenario = tuple[list[Body], list[Body]]


class MakeConfigMap(Protocol):
    def __call__(
        self,
        name: str,
        data: dict[str, str] | None = None,
        namespace: str = "shop",
        **metadata: dict[str, str] | list[str],
    ) -> Body: ...


class MakeDeployment(Protocol):
    def __call__(self, name: str, image: str = "web:1", app: str = "web") -> Body: ...


class Listener:
    """Implements ``ports.Reporter``; remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self.lines.append(message)

    detail = warn = info

    def progress(self, label: str, done: int, total: int) -> None:
        pass


class World:
    """A cluster in memory to which an inventory ``shop/shop`` is applied."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster(namespaces=("default", "shop", "other"))
        self.clock = MemoryClock()
        self.reporter = Listener()
        # What guards keep has tests of its own.
        guards = Guards(max_prune=PruneLimit(100, is_percentage=True), protected=())
        self.options = ApplyOptions(
            inventory="shop", namespace="shop", writer="tester@here", concurrency=1, guards=guards
        )

    def apply(self, *bodies: Body, digest: str = "", **changes: bool | str | Guards) -> ApplyResult:
        options = replace(self.options, **changes)  # type: ignore[arg-type]
        return apply(trust(*bodies, digest=digest), self.cluster, options, reporter=self.reporter, clock=self.clock)

    def inventory(self, namespace: str = "shop", name: str = "shop") -> Inventory:
        found = self.cluster.load_inventory(namespace, name)
        assert found is not None
        return found

    def delete(self, object_id: ObjectId) -> None:
        """Somebody else deletes it."""
        body = self.cluster.bodies()[object_id]
        kind = self.cluster.resource_type(body["apiVersion"], body["kind"])
        assert kind is not None
        self.cluster.delete(kind, object_id, uid=body["metadata"]["uid"])

    def names(self, kind: str) -> list[str]:
        return sorted(object_id.name for object_id in self.cluster.bodies() if object_id.kind == kind)

    def writes(self) -> list[tuple[str, str]]:
        return [item for item in self.cluster.requests if item[0] in {"apply", "delete", "save_inventory"}]

    def forget_requests(self) -> None:
        self.cluster.requests.clear()


def trust(*bodies: Body, digest: str = "") -> TrustedManifests:
    local = trust_local(Manifests.of(Resource.from_body(body) for body in bodies), UnsafeSkipVerification())
    if not digest:
        return local
    return replace(local, reference=PinnedReference(Repository("registry.test", "shop"), digest))
