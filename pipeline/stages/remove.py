"""Remove: delete everything that an inventory knows, as far as it still is ours and may be deleted."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.manifests import Manifests, ObjectId
from pipeline.model.plan import Action
from pipeline.ports import Cluster
from pipeline.stages.planning import leftover, live_plan
from pipeline.stages.prune import PruneOutcome, prune
from pipeline.stages.pruning import plan_prunes
from pipeline.stages.surveying import survey


@dataclass(frozen=True, slots=True)
class Removal:
    """What was asked to go, and what is still on its way out."""

    outcome: PruneOutcome
    remaining: frozenset[ObjectId]
    """Everything of the inventory's that was there at the beginning and is not kept."""


def remove(cluster: Cluster, inventory: Inventory, options: ApplyOptions) -> Removal:
    """Delete what is there, in the opposite of the apply order; calling it again tells what remains.

    Raises:
        ClusterError: the cluster could not be asked.
    """
    unwanted = leftover(cluster, Manifests(), (), inventory)
    recorded = [(kind, entry.object_id) for kind, entry in unwanted]
    live = survey(cluster, (), recorded, inventory, options.concurrency)
    decisions = plan_prunes(unwanted, (), live, inventory, options, is_removal=True)
    going = {object_id for object_id, found in live.items() if found.is_being_deleted}
    plan = live_plan(decisions, ())
    pruned = {item.object_id for item in plan.decisions if item.change.action is Action.PRUNE}
    known = inventory.known.keys()
    return Removal(prune(plan.decisions, cluster, inventory, options), frozenset((going | pruned) & known))
