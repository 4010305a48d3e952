"""From a plan, and what is there before and afterwards, to its blast radius."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Action, Change, Plan
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.model.planning.endpoints import endpoints_lost
from pipeline.model.planning.lost_data import DataLosses
from pipeline.model.planning.restarts import restarts

_TOUCHING = frozenset({Action.CREATE, Action.CONFIGURE, Action.RECREATE, Action.PRUNE})


def blast_radius(
    plan: Plan, before: Mapping[ObjectId, Body], after: Mapping[ObjectId, Body], known: Iterable[ObjectId] = ()
) -> BlastRadius:
    """How far the plan reaches, as far as the bodies tell.

    Args:
        plan: all changes.
        before: the objects as they are; at least the Services and workloads around what changes.
        after: the same as they are to be.
        known: further objects that are there before, whose bodies nobody has.
    """
    touched = [change for change in plan.changes if change.action in _TOUCHING]
    losses = DataLosses.among(known, before)
    return BlastRadius(
        objects=len(touched),
        namespaces=tuple(sorted({change.object_id.namespace for change in touched} - {""})),
        kinds=dict(sorted(Counter(_kind(change) for change in touched).items())),
        restarts=tuple(item for change in touched for item in restarts(change, before, after)),
        endpoints_lost=tuple(endpoints_lost(touched, before, after)),
        data_lost=tuple(loss for change in touched if (loss := losses.loss(change)) is not None),
    )


def _kind(change: Change) -> str:
    object_id = change.object_id
    return f"{object_id.kind}.{object_id.group}" if object_id.group else object_id.kind
