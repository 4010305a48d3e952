"""What is around a plan in the cluster: the Services, workloads and definitions that tell how far it reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipeline.errors import ClusterError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.cluster import ResourceType
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.manifests import Body, Manifests, ObjectId
from pipeline.model.plan import Action, Change
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.model.planning.endpoints import disturbed_namespaces
from pipeline.model.planning.lost_data import DEFINITION, NAMESPACE
from pipeline.model.planning.reach import blast_radius
from pipeline.model.planning.workloads import WORKLOADS, kind_of, service_selector
from pipeline.ports import Cluster
from pipeline.stages.parallel import in_parallel

_LOOKED_AT = frozenset({*WORKLOADS, DEFINITION, ("", "PersistentVolume")})
"""Kinds of which the live object says more than the change does; Services are listed."""
_CLAIM = ("v1", "PersistentVolumeClaim")
_SERVICE = ("v1", "Service")
_CONTROLLERS = frozenset({*WORKLOADS, ("batch", "Job")})
_MADE_BY_OTHERS = frozenset({"ReplicaSet", "Pod"})

Bodies = Mapping[ObjectId, Body]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Reads what the blast radius needs beside the plan itself; what may not be read is left out."""

    manifests: Manifests
    cluster: Cluster
    inventory: Inventory | None
    options: ApplyOptions
    live: LivePlan

    def radius(self) -> BlastRadius:
        """How far the plan reaches."""
        changes = self.live.plan.changes
        after = self._desired()
        changed = {change.object_id for change in changes}
        before = {object_id: body for object_id, body in after.items() if object_id not in changed}
        before |= self._read(changes)
        before |= self._services(disturbed_namespaces(changes))
        before = self._strangers(before) | before
        pruned = {change.object_id for change in changes if change.action is Action.PRUNE}
        skipped = {change.object_id for change in changes if change.action is Action.SKIP}
        # What nobody touches is afterwards what it was before.
        kept = {key: body for key, body in before.items() if key not in pruned and (key not in after or key in skipped)}
        known = [*(self.inventory.known if self.inventory else ()), *self._doomed(changes, before)]
        return blast_radius(self.live.plan, before, {**after, **kept}, known)

    def _desired(self) -> dict[ObjectId, Body]:
        """The manifests by where they go."""
        placed = {item.object_id for item in self.live.decisions}
        found = {}
        for resource in self.manifests:
            here = replace(resource.id, namespace=resource.id.namespace or self.options.namespace)
            found[here if here in placed else resource.id] = resource.body
        return found

    def _read(self, changes: Sequence[Change]) -> dict[ObjectId, Body]:
        wanted = [
            change
            for change in changes
            if change.action is not Action.CREATE and kind_of(change.object_id) in _LOOKED_AT
        ]

        def read(change: Change) -> Body | None:
            kind = self._type(change.api_version, change.object_id.kind)
            if kind is None:
                return None
            with suppress(ClusterError):
                return self.cluster.read(kind, change.object_id.namespace, change.object_id.name)
            return None

        bodies = in_parallel(read, wanted, concurrency=self.options.concurrency)
        return {item.object_id: body for item, body in zip(wanted, bodies, strict=True) if body is not None}

    def _services(self, namespaces: Iterable[str]) -> dict[ObjectId, Body]:
        """Every Service around what changes, whoever it belongs to."""
        kind = self._type(*_SERVICE)
        found: dict[ObjectId, Body] = {}
        for namespace in sorted(namespaces) if kind is not None else ():
            with suppress(ClusterError):
                found |= {
                    ObjectId("", "Service", namespace, str(body["metadata"]["name"])): body
                    for body in self.cluster.list_objects(kind, namespace)  # type: ignore[arg-type]
                }
        return found

    def _strangers(self, around: Bodies) -> dict[ObjectId, Body]:
        """Whatever else runs Pods beside the Services that select any: it may stand behind them, whoever made it."""
        namespaces = sorted({item.namespace for item, body in around.items() if service_selector(item, body)})
        types = [self._type(_versioned(group), kind) for group, kind in sorted(WORKLOADS)]
        lists = [(kind, namespace) for namespace in namespaces for kind in types if kind is not None]

        def read(kind: ResourceType, namespace: str) -> dict[ObjectId, Body]:
            with suppress(ClusterError):
                return dict(self._running(kind, namespace))
            return {}

        listed = in_parallel(lambda item: read(*item), lists, concurrency=self.options.concurrency)
        return {object_id: body for bodies in listed for object_id, body in bodies.items()}

    def _running(self, kind: ResourceType, namespace: str) -> Iterator[tuple[ObjectId, Body]]:
        """The objects of a kind, but for those that another one of these kinds, or a Job, makes and replaces."""
        # There may be many Pods, and many ReplicaSets of former days: nearly all of them are left out.
        is_seldom = kind.kind in _MADE_BY_OTHERS
        bodies = self.cluster.list_metadata if is_seldom else self.cluster.list_objects
        for body in bodies(kind, namespace):
            object_id = ObjectId(kind.group, kind.kind, namespace, str(body["metadata"]["name"]))
            if _controller(body) in _CONTROLLERS:
                continue
            whole = self.cluster.read(kind, namespace, object_id.name) if is_seldom and kind.kind != "Pod" else body
            if whole is not None:
                yield object_id, whole

    def _doomed(self, changes: Sequence[Change], before: Bodies) -> Iterator[ObjectId]:
        """The claims in Namespaces, and the objects of definitions, that are deleted with them."""
        for change in changes:
            if change.action not in {Action.PRUNE, Action.RECREATE}:
                continue
            object_id = change.object_id
            if kind_of(object_id) == NAMESPACE:
                yield from self._names(self._type(*_CLAIM), object_id.name)
            elif kind_of(object_id) == DEFINITION:
                yield from self._names(self._defined(before.get(object_id, {})), None)

    def _defined(self, definition: Body) -> ResourceType | None:
        spec = mapping_at(definition, "spec")
        group, kind = spec.get("group"), mapping_at(spec, "names").get("kind")
        versions = spec.get("versions") or ()
        for version in versions:
            if version.get("served", True) and (found := self._type(f"{group}/{version.get('name')}", str(kind))):
                return found
        return None

    def _names(self, kind: ResourceType | None, namespace: str | None) -> Iterator[ObjectId]:
        if kind is None:
            return
        with suppress(ClusterError):
            for item in self.cluster.list_metadata(kind, namespace):
                metadata = item["metadata"]
                yield ObjectId(kind.group, kind.kind, str(metadata.get("namespace") or ""), str(metadata["name"]))

    def _type(self, api_version: str, kind: str) -> ResourceType | None:
        with suppress(ClusterError):
            return self.cluster.resource_type(api_version, kind)
        return None


def _versioned(group: str) -> str:
    return f"{group}/v1" if group else "v1"


def _controller(body: Body) -> tuple[str, str]:
    """Group and kind of what manages an object; both empty where nothing does."""
    for owner in body["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner.get("apiVersion", "")).rpartition("/")[0], str(owner.get("kind", ""))
    return "", ""
