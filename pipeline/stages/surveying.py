"""What is in the cluster already, by as few requests as the kinds allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.ownership import owner_selector
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId
from pipeline.ports import Cluster
from pipeline.stages.parallel import in_parallel
from pipeline.stages.scopes import Scope, scopes

_MANY_OBJECTS = 4
"""From here on one list is cheaper than a request per object."""


@dataclass(frozen=True, slots=True)
class Live:
    """A live object: its metadata, and the whole of it where it was read anyway."""

    metadata: Mapping[str, Any] = field(hash=False)
    body: Body | None = field(default=None, hash=False)

    @property
    def uid(self) -> str:
        """The server's identity for exactly this object."""
        return str(self.metadata.get("uid", ""))

    @property
    def is_being_deleted(self) -> bool:
        """Whether the object is on its way out."""
        return bool(self.metadata.get("deletionTimestamp"))


Wanted = tuple[ResourceType, ObjectId]


def survey(
    cluster: Cluster, desired: Iterable[Wanted], recorded: Iterable[Wanted], inventory: Inventory, concurrency: int
) -> dict[ObjectId, Live]:
    """Find the live objects: every desired one, and of the recorded ones those that still carry our labels.

    Ours are found by one list per kind (or per kind and namespace where those are few); desired objects that are not
    among them are looked for by another list, or one by one where they are few.

    Raises:
        ClusterError: the cluster could not be asked, or refuses to tell.
    """
    desired = list(desired)
    wanted = [*desired, *recorded]
    live: dict[ObjectId, Live] = {}
    if inventory.resource_version:
        # Without an inventory nothing can be known to be ours, and everything is looked for below.
        selector = owner_selector(inventory)
        lists = scopes((kind, object_id.namespace) for kind, object_id in wanted)
        for found in in_parallel(lambda scope: _list(cluster, scope, selector), lists, concurrency=concurrency):
            live.update(found)
    missing = [(kind, object_id) for kind, object_id in desired if object_id not in live]
    live.update(_look_for(cluster, missing, concurrency))
    return live


def _list(cluster: Cluster, scope: Scope, selector: str | None) -> dict[ObjectId, Live]:
    kind = scope.resource_type
    found = {}
    for item in scope.listed(lambda namespace: cluster.list_metadata(kind, namespace, selector)):
        metadata = item["metadata"]
        found[ObjectId(kind.group, kind.kind, metadata.get("namespace") or "", metadata["name"])] = Live(metadata)
    return found


def _look_for(cluster: Cluster, missing: list[Wanted], concurrency: int) -> dict[ObjectId, Live]:
    groups: dict[tuple[ResourceType, str], list[ObjectId]] = defaultdict(list)
    for kind, object_id in missing:
        groups[kind, object_id.namespace].append(object_id)
    singles = [(kind, id_) for (kind, _), ids in groups.items() if len(ids) <= _MANY_OBJECTS for id_ in ids]
    lists = [(scope, frozenset(ids)) for scope, ids in groups.items() if len(ids) > _MANY_OBJECTS]

    def read(wanted: Wanted) -> tuple[ObjectId, Body | None]:
        kind, object_id = wanted
        return object_id, cluster.read(kind, object_id.namespace, object_id.name)

    def search(item: tuple[tuple[ResourceType, str], frozenset[ObjectId]]) -> dict[ObjectId, Live]:
        (kind, namespace), ids = item
        found = _list(cluster, Scope(kind, (namespace if kind.namespaced else "",)), None)
        return {object_id: live for object_id, live in found.items() if object_id in ids}

    found: dict[ObjectId, Live] = {}
    for part in in_parallel(search, lists, concurrency=concurrency):
        found.update(part)
    for object_id, body in in_parallel(read, singles, concurrency=concurrency):
        if body is not None:
            found[object_id] = Live(body["metadata"], body)
    return found
