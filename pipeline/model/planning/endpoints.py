"""Which Services lose Pods because of a plan: what their selectors matched before, and what they match afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Action, Change
from pipeline.model.planning.blast_radius import Touched
from pipeline.model.planning.workloads import (
    WORKLOADS,
    PodIndex,
    is_scaled_to_zero,
    kind_of,
    service_selector,
)

_SHOWN = 3
_DISTURBING = frozenset({Action.CONFIGURE, Action.RECREATE, Action.PRUNE})

Bodies = Mapping[ObjectId, Body]


def disturbed_namespaces(changes: Sequence[Change]) -> frozenset[str]:
    """Where a Service or a workload changes or goes; nowhere else can a Service lose anything."""
    return frozenset(
        change.object_id.namespace
        for change in changes
        if change.action in _DISTURBING
        and (kind_of(change.object_id) in WORKLOADS or kind_of(change.object_id) == ("", "Service"))
    )


def endpoints_lost(changes: Sequence[Change], before: Bodies, after: Bodies) -> Iterator[Touched]:
    """The Services, sorted, that lose some or all of the workloads behind them, each with the reason.

    As far as the bodies go: a workload that is in neither side is behind no Service here.
    """
    namespaces = disturbed_namespaces(changes)
    if not namespaces:
        return
    recreated = frozenset(change.object_id for change in changes if change.action is Action.RECREATE)
    sides = _Sides(before, after, PodIndex.of(before, namespaces), PodIndex.of(after, namespaces), recreated)
    for service in sorted(object_id for object_id in before if object_id.namespace in namespaces):
        selector = service_selector(service, before[service])
        reason = sides.loss(service, selector) if selector else ""
        if reason:
            yield Touched(service, reason)


@dataclass(frozen=True, slots=True)
class _Sides:
    before: Bodies
    after: Bodies
    former: PodIndex
    later: PodIndex
    recreated: frozenset[ObjectId]

    def loss(self, service: ObjectId, selector: Mapping[str, str]) -> str:
        """What the Service loses; empty for nothing."""
        had = sorted(self.former.selected(service.namespace, selector))
        if not had:
            return ""
        if service not in self.after:
            return f"it is deleted; behind it: {_named(had)}"
        now = service_selector(service, self.after[service])
        has = frozenset(self.later.selected(service.namespace, now))
        lost = [item for item in had if item not in has]
        if lost:
            whys = [self._why(item, is_selector_new=now != selector) for item in lost[:_SHOWN]]
            more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
            return f"{'some' if has else 'all'} of them: {', '.join(whys)}{more}"
        if service in self.recreated:
            return "it is deleted and created anew"
        gone = [item for item in had if item in self.recreated]
        if gone:
            return f"for a while: {_named(gone)} is deleted and created anew"
        return ""

    def _why(self, workload: ObjectId, *, is_selector_new: bool) -> str:
        name = f"{workload.kind} {workload.name}"
        if workload not in self.after:
            return f"{name} is deleted"
        if is_scaled_to_zero(self.after[workload]):
            return f"{name} is scaled to 0"
        return f"its selector no longer matches {name}" if is_selector_new else f"{name} has other labels"


def _named(workloads: Sequence[ObjectId]) -> str:
    more = f" and {len(workloads) - _SHOWN} more" if len(workloads) > _SHOWN else ""
    return ", ".join(f"{item.kind} {item.name}" for item in workloads[:_SHOWN]) + more
