"""Graph: the objects of an inventory as they are in the cluster, what controllers made of them, and their health."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.errors import ClusterError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.documents.printable import printable
from pipeline.model.graph.building import Mark, build_graph
from pipeline.model.graph.graph import Graph, Tone
from pipeline.model.health import Health, HealthStatus, health, pod_selector
from pipeline.model.health.verdict import count
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.ports import Clock, Cluster
from pipeline.stages.parallel import in_parallel

MAX_FOREIGN: Final = 200
"""So many objects that are named but not of the inventory are looked for."""
_CONCURRENCY: Final = 8
_WIDTH: Final = 160
_VERSIONS: Final = ("v1", "v1beta1", "v1alpha1", "v2", "v1beta2")
"""References name a group at most; these are tried one after the other."""
_MADE: Final = (("apps/v1", "ReplicaSet"), ("v1", "Pod"))
"""What controllers make of workloads, in the order in which they do."""
_TONES: Final[Mapping[HealthStatus, Tone]] = {
    HealthStatus.CURRENT: Tone.HEALTHY,
    HealthStatus.IN_PROGRESS: Tone.PROGRESSING,
    HealthStatus.TERMINATING: Tone.PROGRESSING,
    HealthStatus.FAILED: Tone.FAILED,
    HealthStatus.NOT_FOUND: Tone.MISSING,
}


@dataclass(frozen=True, slots=True)
class LiveGraph:
    """The graph, and what could not be read for it."""

    graph: Graph
    notes: tuple[str, ...] = ()


def live_graph(inventory: Inventory, cluster: Cluster, clock: Clock, *, title: str = "") -> LiveGraph:
    """Read everything that the inventory names, and what belongs to it.

    ReplicaSets without pods are left out. What may not be read is noted, and drawn without a verdict.

    Raises:
        ClusterError: the cluster cannot be reached.
    """
    entries = sorted((inventory.known if inventory.pending else inventory.applied).items())
    reader = _Reader(cluster)
    found = reader.read([(object_id, entry.api_version) for object_id, entry in entries])
    bodies = [body for body in found.values() if body is not None]
    made = [body for body in reader.made_of(bodies) if not _is_over(body)]
    resources = [Resource.from_body(body) for body in (*bodies, *made)]
    now = clock.now()
    marks = {resource.id: _mark(health(resource.body, now=now)) for resource in resources}
    gone = [object_id for object_id, body in found.items() if body is None and object_id not in reader.unread]
    marks |= dict.fromkeys(gone, Mark(Tone.MISSING, "not in the cluster"))
    marks |= dict.fromkeys(reader.unread, Mark(Tone.PLAIN, "cannot be read"))
    graph = build_graph(resources, marks=marks)
    marks |= _foreign(graph, reader)
    graph = build_graph(resources, title=title, marks=marks, elsewhere="not in the cluster")
    drawn = {node.object_id for node in graph.nodes}
    rest = build_graph([_bare(object_id) for object_id in found if object_id not in drawn], marks=marks).nodes
    return LiveGraph(replace(graph, nodes=(*graph.nodes, *rest)), tuple(reader.notes))


def _foreign(graph: Graph, reader: _Reader) -> dict[ObjectId, Mark]:
    """What objects name that is not of the inventory: there or not?"""
    named = [node.object_id for node in graph.nodes if node.tone is Tone.MISSING and node.object_id is not None]
    unknown = [object_id for object_id in named if object_id not in reader.asked][:MAX_FOREIGN]
    found = reader.read([(object_id, reader.version_of(object_id)) for object_id in unknown])
    return {
        object_id: Mark(Tone.PLAIN, "cannot be read" if object_id in reader.unread else "not of this inventory")
        for object_id, body in found.items()
        if body is not None or object_id in reader.unread
    }


class _Reader:
    """Reads bodies, and keeps in mind what it was not shown."""

    def __init__(self, cluster: Cluster) -> None:
        self.notes: list[str] = []
        self.asked: set[ObjectId] = set()
        self.unread: set[ObjectId] = set()
        self._cluster = cluster
        self._versions: dict[tuple[str, str], str] = {}

    def read(self, wanted: Sequence[tuple[ObjectId, str]]) -> dict[ObjectId, Body | None]:
        """Each one's body, or ``None`` where it is not there or not shown."""
        self.asked |= {object_id for object_id, _ in wanted}
        bodies = in_parallel(self._read, wanted, concurrency=_CONCURRENCY)
        return {object_id: body for (object_id, _), body in zip(wanted, bodies, strict=True)}

    def version_of(self, object_id: ObjectId) -> str:
        """The API version under which the kind is served, or the likeliest where it is not."""
        key = (object_id.group, object_id.kind)
        if key not in self._versions:
            tried = [f"{object_id.group}/{version}".lstrip("/") for version in _VERSIONS]
            served = (item for item in tried if self._cluster.resource_type(item, object_id.kind) is not None)
            self._versions[key] = next(served, tried[0])
        return self._versions[key]

    def made_of(self, workloads: Iterable[Body]) -> Iterator[Body]:
        """ReplicaSets and pods of workloads: one list for each namespace, as needed."""
        namespaces = sorted({body["metadata"].get("namespace", "") for body in workloads if pod_selector(body)})
        owned = {body["metadata"].get("uid") for body in workloads}
        for api_version, kind in _MADE:
            for namespace in namespaces:
                for body in self._list(api_version, kind, namespace):
                    owners = body["metadata"].get("ownerReferences") or ()
                    if any(owner.get("uid") in owned for owner in owners) and body["metadata"].get("uid") not in owned:
                        owned.add(body["metadata"].get("uid"))
                        yield {"apiVersion": api_version, "kind": kind, **body}

    def _read(self, wanted: tuple[ObjectId, str]) -> Body | None:
        object_id, api_version = wanted
        try:
            resource_type = self._cluster.resource_type(api_version, object_id.kind)
            if resource_type is None:
                return None
            return self._cluster.read(resource_type, object_id.namespace, object_id.name)
        except ClusterError as error:
            self._note(error, str(object_id))
            self.unread.add(object_id)
            return None

    def _list(self, api_version: str, kind: str, namespace: str) -> list[Body]:
        try:
            resource_type = self._cluster.resource_type(api_version, kind)
            return [] if resource_type is None else list(self._cluster.list_objects(resource_type, namespace))
        except ClusterError as error:
            self._note(error, f"{kind}s in {namespace}")
            return []

    def _note(self, error: ClusterError, what: str) -> None:
        if error.code == "cluster.unreachable":
            raise error
        self.notes.append(printable(f"{what} cannot be read: {error.message}", _WIDTH))


def _mark(verdict: Health) -> Mark:
    detail = "" if verdict.is_current else printable(verdict.message or verdict.reason, _WIDTH)
    return Mark(_TONES[verdict.status], detail)


def _is_over(body: Body) -> bool:
    """A ReplicaSet of an earlier rollout."""
    return body["kind"] == "ReplicaSet" and not count(body, "spec.replicas") and not count(body, "status.replicas")


def _bare(object_id: ObjectId) -> Resource:
    return Resource(object_id, "", {})
