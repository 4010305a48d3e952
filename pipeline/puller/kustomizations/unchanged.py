"""Whether nothing is left to do: every object still is as it was when it was applied last.

Costs one metadata list per kind, shared with whoever asks at the same time, and no request per object.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from pipeline.errors import ClusterError, PipelineError
from pipeline.model.applying.inventory import InventoryEntry
from pipeline.model.cluster import ResourceType
from pipeline.model.health import WITHOUT_STATUS, Health
from pipeline.model.manifests import ObjectId
from pipeline.puller.kustomizations.records import Record
from pipeline.puller.kustomizations.targets import Target
from pipeline.puller.snapshots import Found, Scope, Snapshots

_MANY_NAMESPACES = 5


def unchanged_healths(
    record: Record, target: Target, snapshots: Snapshots, *, since: float, with_health: bool
) -> Mapping[ObjectId, Health | None] | None:
    """The health of every object (``None`` for kinds without any), or nothing where something has changed.

    ``since`` (``time.monotonic``): what is compared is no older. Not being able to tell counts as changed.
    """
    kinds: dict[ResourceType, list[InventoryEntry]] = defaultdict(list)
    healths: dict[ObjectId, Health | None] = {}
    try:
        for entry in record.applied.values():
            if not entry.fingerprint:
                # It was skipped on purpose: whether the reason still holds takes a look at the object.
                return None
            kind = target.cluster.resource_type(entry.api_version, entry.object_id.kind)
            if kind is None:
                return None
            kinds[kind].append(entry)
        for kind, entries in kinds.items():
            asks_health = with_health and (kind.group, kind.kind) not in WITHOUT_STATUS
            found = _find(kind, entries, target, snapshots, since=since, with_health=asks_health)
            for entry in entries:
                object_id = entry.object_id
                seen = found.get((object_id.namespace, object_id.name))
                if seen is None and object_id in record.finished_jobs:
                    healths[object_id] = None
                    continue
                if seen is None or seen.is_being_deleted or seen.fingerprint != entry.fingerprint:
                    return None
                healths[object_id] = seen.health
    except PipelineError:
        return None
    return healths


def _find(
    kind: ResourceType,
    entries: list[InventoryEntry],
    target: Target,
    snapshots: Snapshots,
    *,
    since: float,
    with_health: bool,
) -> Found:
    def take(namespace: str | None) -> Found:
        return snapshots.take(Scope(target.identity, kind, namespace, with_health), target.cluster, since=since)

    namespaces = sorted({entry.object_id.namespace for entry in entries}) if kind.namespaced else []
    if len(namespaces) == 1:
        return take(namespaces[0])
    if not 0 < len(namespaces) <= _MANY_NAMESPACES:
        try:
            return take(None)
        except ClusterError as error:
            if error.code != "cluster.denied" or not namespaces:
                raise
    # Few, or who asks may not see all namespaces.
    return {place: seen for namespace in namespaces for place, seen in take(namespace).items()}
