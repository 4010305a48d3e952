"""Who set the live values that a plan would change: read from the objects that have drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.errors import ClusterError
from pipeline.model.applying.field_managers import owner_of_field
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Change
from pipeline.ports import Cluster
from pipeline.stages.parallel import in_parallel

MAX_ATTRIBUTED = 50
"""For so many objects the managers are looked up; who has more drift than that has one reason for it."""


def attribute(
    changes: Sequence[Change],
    types: Mapping[ObjectId, ResourceType],
    cluster: Cluster,
    *,
    concurrency: int,
    only_drift: bool = True,
) -> tuple[Change, ...]:
    """Name the manager of every field that has drifted (or of every field), where nobody has done so.

    Costs one read per such object, and stops at :data:`MAX_ATTRIBUTED` of them.
    """
    drifted = [
        change for change in changes if change.object_id in types and _is_unattributed(change, only_drift=only_drift)
    ]

    def named(change: Change) -> Change:
        object_id = change.object_id
        try:
            live = cluster.read(types[object_id], object_id.namespace, object_id.name)
        except ClusterError:
            # That it differs is known; who caused it is a courtesy.
            return change
        managed = live["metadata"].get("managedFields") or () if live else ()
        fields = (
            replace(field, manager=field.manager or owner_of_field(managed, field.path, cluster.manager))
            for field in change.fields
        )
        return replace(change, fields=tuple(fields))

    found = in_parallel(named, drifted[:MAX_ATTRIBUTED], concurrency=concurrency)
    attributed = {change.object_id: change for change in found}
    return tuple(attributed.get(change.object_id, change) for change in changes)


def _is_unattributed(change: Change, *, only_drift: bool) -> bool:
    return any((field.is_drift or not only_drift) and not field.manager for field in change.fields)
