"""Writing exactly what was planned: an object is changed only while it is as it was when the plan was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import StaleError
from pipeline.model.applying.live_plan import Decision, LiveState
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Action
from pipeline.model.planning.difference import Difference
from pipeline.model.planning.saved_plan import SavedPlan
from pipeline.model.planning.staleness import StalePlanError, deferred_differences, moved
from pipeline.ports import Cluster

_TRIES = 5
_STOPPED = "it stopped there"


class Hold:
    """Holds every write of one apply to its plan.

    A live object is read right before it is written, compared with the plan, and changed in exactly that version. So
    nothing can come in between, with two exceptions that the API server leaves open: what somebody creates in the
    moment between the look and our creation is merged with ours, unless a field conflicts; and of what is deleted only
    the uid is held.
    """

    def __init__(self, plan: SavedPlan, cluster: Cluster, seen: Mapping[ObjectId, LiveState]) -> None:
        self._plan = plan
        self._cluster = cluster
        self._seen = dict(seen)

    def check_deferred(self, decisions: Sequence[Decision], seen: Mapping[ObjectId, LiveState]) -> None:
        """See that what had to wait for its kind or namespace is to be created, as it was planned.

        Raises:
            StalePlanError: somebody was faster.
        """
        differences = list(deferred_differences(item.change for item in decisions))
        if differences:
            raise StalePlanError(self._plan, differences, _STOPPED)
        self._seen |= seen

    def check(self, kind: ResourceType, decision: Decision) -> Mapping[str, Any] | None:
        """The metadata of the live object, which is as planned; ``None`` where there is none, as planned.

        Raises:
            StalePlanError: it is not as planned.
            ClusterError: it could not be read.
        """
        object_id = decision.object_id
        live = self._cluster.read(kind, object_id.namespace, object_id.name)
        problem = moved(self._seen.get(object_id), _state(live))
        if problem:
            raise StalePlanError(self._plan, [Difference(str(object_id), problem)], _STOPPED)
        return None if live is None else live["metadata"]

    def apply(self, kind: ResourceType, decision: Decision, body: Body) -> Body:
        """Write the object over the one that was planned for, or where there is none.

        Raises:
            StalePlanError: it is not as planned.
            FieldConflictError: other managers own fields.
            ClusterError: it could not be read or written.
        """
        for _ in range(_TRIES):
            expected = None if decision.change.action is Action.RECREATE else self.check(kind, decision)
            try:
                return self._cluster.apply(body, force=decision.force, metadata_only=True, expected=expected)
            except StaleError:
                # A report of a controller makes a new version as well, and is no reason to stop.
                continue
        difference = Difference(str(decision.object_id), "its status changes faster than it can be written")
        raise StalePlanError(self._plan, [difference], _STOPPED)


def _state(live: Body | None) -> LiveState | None:
    return None if live is None else LiveState.of(live["metadata"])
