"""Prune: delete what the inventory knows and nobody wants any more, after everything else has been applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.errors import ClusterError, PipelineError
from pipeline.model.applying.controls import controls_of, reason_to_keep
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import Decision
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.applying.ownership import is_owned_by
from pipeline.model.applying.staging import batches
from pipeline.model.plan import Action, Change
from pipeline.ports import Cluster
from pipeline.stages.parallel import in_parallel


@dataclass(frozen=True, slots=True)
class PruneOutcome:
    """What was deleted, what turned out not to be ours (any more), and what failed."""

    pruned: tuple[Change, ...]
    kept: tuple[Change, ...]
    failed: tuple[tuple[Decision, PipelineError], ...]

    def error(self) -> PipelineError:
        """One error that names everything that could not be pruned."""
        lines = [f"{item.object_id}: {error.message}" for item, error in self.failed]
        text = lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines)
        hint = self.failed[0][1].hint
        return ClusterError(f"{len(lines)} object(s) could not be pruned: {text}", hint=hint, code="cluster.prune")


def prune(decisions: Sequence[Decision], cluster: Cluster, inventory: Inventory, options: ApplyOptions) -> PruneOutcome:
    """Delete in the opposite of the apply order; a failure does not keep the others from being deleted.

    Each object is looked at once more right before: its uid, its labels and its controls must still allow it.
    """
    waiting = [item for item in decisions if item.change.action is Action.PRUNE]
    outcomes: list[tuple[Decision, Change | PipelineError]] = []
    for _, batch in reversed(batches(waiting)):
        done = in_parallel(
            lambda item: (item, _prune(item, cluster, inventory)), batch, concurrency=options.concurrency
        )
        outcomes.extend(done)
    changes = [outcome for _, outcome in outcomes if isinstance(outcome, Change)]
    return PruneOutcome(
        tuple(change for change in changes if change.action is Action.PRUNE),
        tuple(change for change in changes if change.action is Action.SKIP),
        tuple((item, outcome) for item, outcome in outcomes if isinstance(outcome, PipelineError)),
    )


def _prune(decision: Decision, cluster: Cluster, inventory: Inventory) -> Change | PipelineError:
    kind, object_id = decision.resource_type, decision.object_id
    assert kind is not None  # noqa: S101 - only served kinds are planned to be pruned
    try:
        live = cluster.read(kind, object_id.namespace, object_id.name)
        if live is not None and live["metadata"].get("uid") == decision.uid:
            kept = reason_to_keep(controls_of(live["metadata"]))
            if not is_owned_by(live["metadata"], inventory):
                kept = "it does not carry our labels any more"
            if kept:
                return replace(decision.change, action=Action.SKIP, reason=f"not pruned: {kept}")
            cluster.delete(kind, object_id, uid=decision.uid)
    except PipelineError as error:
        return error
    return decision.change
