"""Diff: what would have to change for one side to become the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from pipeline.errors import ClusterError
from pipeline.model.applying.guards import guarded
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.cluster import ResourceType
from pipeline.model.comparison.differences import compare, contents
from pipeline.model.comparison.renames import find_renames, mark_renames
from pipeline.model.manifests import Body, Manifests, ObjectId, Resource
from pipeline.model.plan import ABSENT, Action, Change, FieldChange, Plan
from pipeline.ports import Cluster


def diff(before: Manifests, after: Manifests, *, is_full: bool = False) -> Plan:
    """Compare two sets of manifests; no cluster has a say in it.

    Args:
        before: what is there.
        after: what is to be there.
        is_full: also list the content of what is created and deleted.
    """
    remaining = {resource.id: resource for resource in before}
    changes: list[Change] = []
    unchanged = 0
    for resource in after:
        former = remaining.pop(resource.id, None)
        if former is None:
            changes.append(_change(Action.CREATE, resource, contents(resource.body) if is_full else ()))
        elif fields := compare(former.body, resource.body):
            changes.append(_change(Action.CONFIGURE, resource, fields))
        else:
            unchanged += 1
    changes += [
        _change(Action.PRUNE, resource, _removed(contents(resource.body)) if is_full else ())
        for resource in reversed(remaining.values())
    ]
    renames = find_renames(changes)
    bodies = ({resource.id: resource.body for resource in side} for side in (before, after)) if renames else ({}, {})
    return Plan(mark_renames(changes, renames, *bodies), unchanged)


def diff_live(manifests: Manifests, cluster: Cluster, options: ApplyOptions, *, is_full: bool = False) -> LivePlan:
    """What applying the manifests would change in the cluster, found by server-side dry-run.

    Raises:
        ManifestError: two objects become the same one in the default namespace.
        ClusterError: the cluster could not be asked.
    """
    inventory = cluster.load_inventory(options.namespace, options.inventory)
    return diff_inventory(manifests, cluster, inventory, options, is_full=is_full)


def diff_inventory(
    manifests: Manifests,
    cluster: Cluster,
    inventory: Inventory | None,
    options: ApplyOptions,
    *,
    is_full: bool = False,
) -> LivePlan:
    """The same for who has loaded the inventory; ``None`` where there is none yet.

    Raises:
        ManifestError: two objects become the same one in the default namespace.
        ClusterError: the cluster could not be asked.
    """
    from pipeline.stages.attributing import attribute
    from pipeline.stages.planning import plan_against_live

    live = guarded(
        plan_against_live(manifests, cluster, inventory, options),
        inventory or options.new_inventory(),
        options.guards,
        is_empty=not manifests.resources,
    )
    desired = {item.object_id: item.body for item in live.decisions if item.body is not None}
    deferred = {item.object_id for item in live.decisions if item.is_deferred}
    changes = tuple(
        replace(change, reason="") if change.object_id in deferred else change for change in live.plan.changes
    )
    renames = find_renames(changes)
    types = {item.object_id: item.resource_type for item in live.decisions if item.resource_type is not None}
    pruned = [change.object_id for change in changes if change.action is Action.PRUNE]
    former = _read(pruned if is_full else renames, types, cluster)
    if is_full:
        changes = tuple(_with_contents(change, former, desired) for change in changes)
    marked = mark_renames(changes, renames, former, desired)
    marked = attribute(marked, types, cluster, concurrency=options.concurrency)
    overridden = (f"a guard is overridden: {line}" for line in live.overridden)
    notes = (*live.notes, *overridden, *_notes(inventory, options, len(deferred)))
    return replace(live, plan=replace(live.plan, changes=marked), notes=notes)


def _notes(inventory: Inventory | None, options: ApplyOptions, deferred: int) -> Iterable[str]:
    if inventory is None:
        yield f"there is no inventory {options.namespace}/{options.inventory} yet: nothing of it can be pruned"
    if deferred:
        what = "1 object is" if deferred == 1 else f"{deferred} objects are"
        yield f"{what} not checked by the server, for the kind or namespace comes with the manifests"


def _read(
    object_ids: Iterable[ObjectId], types: Mapping[ObjectId, ResourceType], cluster: Cluster
) -> dict[ObjectId, Body]:
    """The live bodies; who may not read one still sees that it goes."""
    found = {}
    for object_id in object_ids:
        if object_id in types:
            with suppress(ClusterError):
                found[object_id] = cluster.read(types[object_id], object_id.namespace, object_id.name)
    return {object_id: body for object_id, body in found.items() if body is not None}


def _with_contents(change: Change, former: Mapping[ObjectId, Body], desired: Mapping[ObjectId, Body]) -> Change:
    if change.action is Action.CREATE and change.object_id in desired:
        return replace(change, fields=contents(desired[change.object_id]))
    if change.action is Action.PRUNE and change.object_id in former:
        return replace(change, fields=_removed(contents(former[change.object_id])))
    return change


def _change(action: Action, resource: Resource, fields: tuple[FieldChange, ...]) -> Change:
    return Change(action, resource.id, resource.api_version, fields, origin=resource.origin)


def _removed(fields: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(field.path, field.after, ABSENT) for field in fields)
