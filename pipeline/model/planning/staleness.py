"""Whether a saved plan still holds: everything that is no longer as it says, in words for who has to plan again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.errors import RefusedError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LiveState, Obstacle
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.documents.printable import printable
from pipeline.model.documents.strict_json import JsonObject
from pipeline.model.documents.yaml_writing import canonical_json
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action, Change
from pipeline.model.planning.basis import OPTIONS, Basis, apply_options
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.model.planning.difference import Difference
from pipeline.model.planning.saved_plan import REACH, PlannedChange, SavedPlan, counted

STALE = "refused.stale-plan"
_SHOWN = 20
_FIELDS_SHOWN = 5
_VALUE_SHOWN = 60
_BORN_WITH_NAMESPACES = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})
"""What Kubernetes itself puts into every new namespace (its documentation, "Configure Service Accounts")."""


class StalePlanError(RefusedError):
    """The plan does not hold any more; ``differences`` has all of it, the message the first of them."""

    def __init__(self, plan: SavedPlan, differences: Sequence[Difference], when: str = "nothing was written") -> None:
        self.plan = plan
        self.differences = tuple(differences)
        lines = [str(item) for item in differences[:_SHOWN]]
        more = [f"… and {len(differences) - _SHOWN} more"] if len(differences) > _SHOWN else []
        listed = "".join(f"\n  - {line}" for line in [*lines, *more])
        super().__init__(
            f"{plan.file} no longer holds, so {when}:{listed}",
            hint="plan again, have the new plan looked at, and apply that",
            code=STALE,
        )


def tag_difference(name: str, planned: str, now: str | None) -> Iterator[Difference]:
    """What a tag pointed at when it was planned, and what it points at now; ``None`` where there is no such tag."""
    if now is None:
        yield Difference(name, f"the tag is gone; it was planned for {planned}")
    elif now != planned:
        yield Difference(name, f"it was planned for {planned}, and the tag now points at {now}")


def trust_differences(planned: Basis, now: Basis) -> Iterator[Difference]:
    """Whose signatures count, then and now."""
    if planned.verified != now.verified:
        was, is_now = ("verified", "not verified") if planned.verified else ("not verified", "verified")
        yield Difference("trust", f"signatures were {was} for the plan, and are {is_now} now")
    elif {signer.key for signer in planned.signers} != {signer.key for signer in now.signers}:
        was, is_now = (" and ".join(signer.text for signer in side.signers) for side in (planned, now))
        yield Difference("trust", printable(f"it was planned as signed by {was}, and is now by {is_now}", 600))


def place_differences(planned: Basis, now: Basis, inventory: Inventory | None) -> Iterator[Difference]:
    """The cluster and its inventory; another cluster is all there is to say."""
    known = planned.cluster_uid and now.cluster_uid
    is_same = planned.cluster_uid == now.cluster_uid if known else planned.context == now.context
    if not is_same:
        was, is_now = (f"{side.context} ({side.cluster_uid})" if known else side.context for side in (planned, now))
        yield Difference("cluster", printable(f"it was planned for {was}; this is {is_now}", 300))
        return
    if planned.inventory_version == now.inventory_version:
        return
    subject = f"inventory {planned.namespace}/{planned.inventory}"
    if inventory is None:
        yield Difference(subject, "it is gone")
        return
    who = f" by {inventory.writer}" if inventory.writer else ""
    when = f" at {inventory.written_at}" if inventory.written_at else ""
    what = "it has changed since" if planned.inventory_version else "it was not there when"
    yield Difference(subject, printable(f"{what} the plan was made; last saved{who}{when}", 300))


def option_differences(planned: Basis, options: ApplyOptions) -> Iterator[Difference]:
    """What somebody decides now that the plan decides otherwise."""
    theirs = apply_options(planned)
    names = ("namespace", "inventory", "guards", *OPTIONS.values())
    for name in names:
        was, is_now = getattr(theirs, name), getattr(options, name)
        if was != is_now:
            shown = "" if name == "guards" else f": planned {json.dumps(was)}, now {json.dumps(is_now)}"
            yield Difference("options", printable(f"'{name.replace('_', ' ')}' is another one{shown}", 300))


def change_differences(
    planned: Sequence[PlannedChange],
    states: Mapping[ObjectId, LiveState],
    changes: Sequence[Change],
    seen: Mapping[ObjectId, LiveState],
) -> Iterator[Difference]:
    """Object by object: what was to happen to it and what would happen now, and whether it is still the same object."""
    now = {change.object_id: change for change in changes}
    for item in planned:
        change = now.pop(item.object_id, None)
        problem = _problem(item, change) or moved(states.get(item.object_id), seen.get(item.object_id))
        if problem:
            yield Difference(str(item.object_id), problem)
    for object_id, change in now.items():
        yield Difference(str(object_id), f"it is not in the plan; now {_verb(change.action)}{_named(change)}")


def reach_differences(planned: Mapping[str, frozenset[str]], now: BlastRadius) -> Iterator[Difference]:
    """What the plan would touch now beyond what it says; that it touches less is no reason to look at it again."""
    words = ("it would restart", "it would lose endpoints", "data would go with it")
    for key, what, items in zip(REACH, words, (now.restarts, now.endpoints_lost, now.data_lost), strict=True):
        for item in items:
            if str(item.object_id) not in planned[key]:
                told = printable(f"{what}, which the plan does not say: {item.reason}", 300)
                yield Difference(str(item.object_id), told)


def obstacle_differences(obstacles: Iterable[Obstacle]) -> Iterator[Difference]:
    """What stands in the way now; nothing did when the plan was made."""
    for obstacle in obstacles:
        yield Difference(obstacle.subject, obstacle.problem)


def deferred_differences(changes: Iterable[Change]) -> Iterator[Difference]:
    """What could only be looked at once its kind or namespace was there: planned to be created, and so it must be."""
    for change in changes:
        object_id = change.object_id
        is_born = not object_id.group and (object_id.kind, object_id.name) in _BORN_WITH_NAMESPACES
        if change.action is not Action.CREATE and not is_born:
            yield Difference(str(object_id), f"planned to create it, and it is there already{_named(change)}")


def moved(planned: LiveState | None, now: LiveState | None) -> str:
    """How a live object differs from the one that the plan was made against; empty where it does not."""
    if planned == now:
        return ""
    if planned is None:
        return "it was not there when the plan was made"
    if now is None:
        return "it is gone from the cluster"
    if planned.uid != now.uid:
        return "it was deleted and created anew since the plan was made"
    return "somebody has changed it since the plan was made"


def _problem(item: PlannedChange, change: Change | None) -> str:
    if change is None:
        return f"planned to {item.action.value} it, and now nothing is to be done"
    if change.action is not item.action:
        return f"planned to {item.action.value} it, and now {_verb(change.action)}{_named(change)}"
    if change.api_version != item.api_version:
        return printable(f"planned as {item.api_version}, now it is {change.api_version}", 200)
    if item.action is not Action.CONFIGURE:
        return ""
    return _field_problems(item.fields, {field.path: field.document() for field in change.fields})


def _field_problems(planned: Mapping[str, JsonObject], now: Mapping[str, JsonObject]) -> str:
    paths = [path for path in dict.fromkeys([*planned, *now]) if _value(planned.get(path)) != _value(now.get(path))]
    told = [f"{path}: planned {_shown(planned.get(path))}, now {_shown(now.get(path))}" for path in paths]
    more = f"; and {len(told) - _FIELDS_SHOWN} more fields" if len(told) > _FIELDS_SHOWN else ""
    return printable("; ".join(told[:_FIELDS_SHOWN]), _FIELDS_SHOWN * 4 * _VALUE_SHOWN) + more


def _value(document: JsonObject | None) -> bytes:
    """What of a field's document decides; whose value it is and why it differs does not."""
    keys = ("change", "before", "after", "sensitive")
    return canonical_json({key: counted(document[key]) for key in keys if key in document} if document else None)


def _shown(document: JsonObject | None) -> str:
    if document is None:
        return "no change"
    if document.get("sensitive"):
        return f"{document['change']} (sensitive)"
    before, after = (
        json.dumps(document[side], ensure_ascii=False) if side in document else "nothing"
        for side in ("before", "after")
    )
    return f"{printable(before, _VALUE_SHOWN)} → {printable(after, _VALUE_SHOWN)}"


def _verb(action: Action) -> str:
    return "it is to be skipped" if action is Action.SKIP else f"it would be {action.value}d"


def _named(change: Change) -> str:
    paths = [field.path for field in change.fields]
    if not paths:
        return f" ({printable(change.reason, 200)})" if change.reason else ""
    more = f" and {len(paths) - _FIELDS_SHOWN} more" if len(paths) > _FIELDS_SHOWN else ""
    return printable(f" ({', '.join(paths[:_FIELDS_SHOWN])}{more})", 400)
