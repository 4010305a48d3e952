"""Plan against a cluster: what applying would create, change, recreate, prune and skip, without writing anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.errors import ClusterError
from pipeline.model.applying.inventory import Inventory, InventoryEntry, InventoryKind
from pipeline.model.applying.live_plan import Decision, LivePlan, LiveState, Obstacle
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.cluster import ResourceType
from pipeline.model.comparison.shapes import TriedShapes, representatives
from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.model.ordering import apply_rank, apply_stage
from pipeline.model.plan import Action, Change, Plan
from pipeline.ports import Cluster
from pipeline.stages.deciding import Judge
from pipeline.stages.parallel import in_parallel
from pipeline.stages.placing import Placed, missing_namespaces, place
from pipeline.stages.pruning import plan_prunes
from pipeline.stages.surveying import Live, survey

_NAMESPACE = ("v1", "Namespace")
_ON_LIVE_OBJECTS = frozenset({Action.CONFIGURE, Action.RECREATE, Action.PRUNE})


def plan_against_live(
    manifests: Manifests,
    cluster: Cluster,
    inventory: Inventory | None,
    options: ApplyOptions,
    *,
    by_sample: bool = False,
    tried: TriedShapes | None = None,
) -> LivePlan:
    """Plan; where nothing changed, this costs some requests per kind and none per object.

    ``inventory`` is what the cluster has under the options' name, or ``None``. What stands in the way (conflicts,
    foreign owners, immutable fields, missing kinds and namespaces, denied rights, invalid objects) is in the plan's
    ``obstacles``, all of it at once, and does not raise. ``by_sample`` tries many creations by some of them only (see
    ``model/comparison/shapes.py``), for who is going to make them at once; ``tried`` leaves out those whose like was
    accepted before.

    Raises:
        ManifestError: two objects become the same one in the default namespace.
        ClusterError: the cluster could not be asked.
    """
    inventory = inventory or options.new_inventory()
    placement = place(manifests, cluster, inventory, options)
    placed = placement.placed
    unwanted = leftover(cluster, manifests, placed, inventory)
    wanted = [(item.resource_type, item.object_id) for item in placed if item.resource_type]
    recorded = [(kind, entry.object_id) for kind, entry in unwanted]
    live = survey(cluster, wanted, recorded, inventory, options.concurrency)
    absent = _absent_namespaces(cluster, placed, live, inventory, options, tried)
    homeless = {name: items for name, items in absent.items() if name not in placement.brought.namespaces}
    obstacles = (*placement.obstacles, *missing_namespaces(homeless, inventory))
    possible = [item for item in placed if item.object_id.namespace not in homeless]
    judge = Judge(cluster, inventory, options)
    decisions = _decide_all(judge, possible, live, frozenset(absent), by_sample=by_sample, tried=tried)
    prunes = plan_prunes(unwanted, placed, live, inventory, options)
    planned = live_plan([*decisions, *prunes], obstacles, placement.notes)
    return replace(planned, seen=_seen(planned.plan.changes, live))


def plan_deferred(
    deferred: Sequence[Decision], cluster: Cluster, inventory: Inventory, options: ApplyOptions
) -> LivePlan:
    """Plan what was deferred, now that the artifact's own definitions and namespaces are there; nothing is pruned.

    Raises:
        ClusterError: the cluster could not be asked.
    """
    resources = [Resource.from_body(item.body, item.change.origin) for item in deferred if item.body is not None]
    placement = place(Manifests.of(resources), cluster, inventory, options)
    wanted = [(item.resource_type, item.object_id) for item in placement.placed if item.resource_type]
    live = survey(cluster, wanted, (), inventory, options.concurrency)
    judge = Judge(cluster, inventory, options)
    decisions = _decide_all(judge, placement.placed, live, frozenset(), by_sample=True)
    planned = live_plan(decisions, placement.obstacles, ())
    return replace(planned, seen=_seen(planned.plan.changes, live))


def _decide_all(
    judge: Judge,
    placed: Sequence[Placed],
    live: Mapping[ObjectId, Live],
    absent: frozenset[str],
    *,
    by_sample: bool,
    tried: TriedShapes | None = None,
) -> list[Decision]:
    creations = [
        (item.object_id, item.resource.body)
        for item in placed
        if item.object_id not in live and item.object_id.namespace not in absent
    ]
    to_try = representatives(creations) if by_sample else {object_id for object_id, _ in creations}
    if tried is not None:
        to_try &= tried.untried(creations)

    def decide(item: Placed) -> Decision:
        object_id = item.object_id
        return judge.decide(
            item, live.get(object_id), is_deferred=object_id.namespace in absent, is_tried=object_id in to_try
        )

    decisions = in_parallel(decide, placed, concurrency=judge.options.concurrency)
    if tried is not None:
        bodies = (item.body for item in decisions if item.object_id in to_try and not item.obstacles)
        tried.accepted(body for body in bodies if body is not None)
    return decisions


def live_plan(decisions: Iterable[Decision], obstacles: Iterable[Obstacle], notes: tuple[str, ...] = ()) -> LivePlan:
    """Put decisions into order: first in apply order, then the prunes in the opposite order."""
    ordered = sorted(
        decisions, key=lambda item: (apply_stage(item.object_id), apply_rank(item.object_id), item.object_id)
    )
    prunes = [item for item in reversed(ordered) if item.change.action is Action.PRUNE]
    ordered = [item for item in ordered if item.change.action is not Action.PRUNE] + prunes
    changes = tuple(item.change for item in ordered if item.change.action is not Action.UNCHANGED)
    blocked = [obstacle for item in ordered for obstacle in item.obstacles]
    return LivePlan(Plan(changes, len(ordered) - len(changes)), tuple(ordered), (*obstacles, *blocked), notes)


def _seen(changes: Iterable[Change], live: Mapping[ObjectId, Live]) -> dict[ObjectId, LiveState]:
    return {
        change.object_id: LiveState.of(live[change.object_id].metadata)
        for change in changes
        if change.action in _ON_LIVE_OBJECTS and change.object_id in live
    }


def leftover(
    cluster: Cluster, manifests: Manifests, placed: Sequence[Placed], inventory: Inventory
) -> list[tuple[ResourceType, InventoryEntry]]:
    """What the inventory knows and the manifests do not want; kinds that are no longer served have no objects."""
    desired = {item.object_id for item in placed}
    # Objects that could not be placed are wanted all the same, in a namespace that we may not know.
    unplaced = (
        {(item.id.group, item.id.kind, item.id.name) for item in manifests} if len(placed) < len(manifests) else ()
    )
    entries = [
        entry
        for object_id, entry in inventory.known.items()
        if object_id not in desired and (object_id.group, object_id.kind, object_id.name) not in unplaced
    ]
    kinds = sorted({(entry.api_version, entry.object_id.kind) for entry in entries})
    served = {kind: cluster.resource_type(*kind) for kind in kinds}
    found = ((served[entry.api_version, entry.object_id.kind], entry) for entry in entries)
    return [(kind, entry) for kind, entry in found if kind is not None]


def _absent_namespaces(
    cluster: Cluster,
    placed: Sequence[Placed],
    live: Mapping[ObjectId, Live],
    inventory: Inventory,
    options: ApplyOptions,
    tried: TriedShapes | None,
) -> dict[str, list[Placed]]:
    """The namespaces that do not exist, each with the objects that want to go there (none: only the inventory)."""
    candidates: dict[str, list[Placed]] = defaultdict(list)
    for item in placed:
        if item.object_id.namespace and item.object_id not in live:
            candidates[item.object_id.namespace].append(item)
    if not inventory.resource_version and inventory.kind is InventoryKind.PIPELINE:
        candidates.setdefault(inventory.namespace, [])
    proven = {object_id.namespace for object_id in live}
    proven |= {object_id.name for object_id in live if (object_id.group, object_id.kind) == ("", "Namespace")}
    if tried is not None:
        proven |= {name for name in candidates if tried.has_seen(name)}
    unproven = sorted(set(candidates) - proven)
    kind = cluster.resource_type(*_NAMESPACE) if unproven else None
    if kind is None:
        return {}
    exist = in_parallel(lambda name: _exists(cluster, kind, name), unproven, concurrency=options.concurrency)
    return {name: candidates[name] for name, there in zip(unproven, exist, strict=True) if not there}


def _exists(cluster: Cluster, kind: ResourceType, name: str) -> bool:
    try:
        return cluster.read(kind, "", name) is not None
    except ClusterError as error:
        if error.code != "cluster.denied":
            raise
        return True  # Who may not look may still be allowed to work inside.
