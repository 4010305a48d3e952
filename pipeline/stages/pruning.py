"""Which of the objects that nobody wants any more are pruned, and which are kept, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.applying.controls import controls_of, reason_to_keep
from pipeline.model.applying.inventory import Inventory, InventoryEntry, InventoryKind
from pipeline.model.applying.live_plan import Decision
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.applying.ownership import is_owned_by
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action, Change
from pipeline.stages.placing import Placed
from pipeline.stages.surveying import Live


def plan_prunes(
    leftover: Iterable[tuple[ResourceType, InventoryEntry]],
    placed: Sequence[Placed],
    live: Mapping[ObjectId, Live],
    inventory: Inventory,
    options: ApplyOptions,
    *,
    is_removal: bool = False,
) -> list[Decision]:
    """Decide about every leftover object that still exists and still carries our labels.

    ``is_removal``: the inventory itself is about to go, so that nothing is kept for its sake.
    """
    desired = _Desired.of(placed, live)
    decisions = []
    for kind, entry in leftover:
        found = live.get(entry.object_id)
        if found is None or not is_owned_by(found.metadata, inventory) or found.uid in desired.uids:
            continue
        if found.is_being_deleted:
            continue
        released = reason_to_keep(controls_of(found.metadata))
        kept = released or ("" if is_removal else desired.reason_to_keep(entry.object_id, inventory))
        if not kept and not options.prune:
            kept = "pruning is switched off"
        action = Action.SKIP if kept else Action.PRUNE
        reason = f"not pruned: {kept}" if kept else "it is no longer in the manifests"
        change = Change(action, entry.object_id, entry.api_version, reason=reason)
        # What its own controls release is let go; what only we keep for now stays on the list.
        decisions.append(
            Decision(change, entry, resource_type=kind, uid=found.uid, is_kept=bool(kept) and not released)
        )
    return decisions


@dataclass(frozen=True, slots=True)
class _Desired:
    """What must not be harmed by a prune."""

    uids: frozenset[str]
    """The same object may be known under another API group; its uid tells."""
    namespaces: frozenset[str]
    definitions: frozenset[str]

    @classmethod
    def of(cls, placed: Sequence[Placed], live: Mapping[ObjectId, Live]) -> _Desired:
        kinds = {item.resource_type for item in placed if item.resource_type is not None}
        return cls(
            frozenset(live[item.object_id].uid for item in placed if item.object_id in live),
            frozenset(item.object_id.namespace for item in placed),
            frozenset(f"{kind.plural}.{kind.group}" for kind in kinds),
        )

    def reason_to_keep(self, object_id: ObjectId, inventory: Inventory) -> str:
        if (object_id.group, object_id.kind) == ("", "Namespace"):
            if object_id.name == inventory.namespace and inventory.kind is InventoryKind.PIPELINE:
                return "it holds the inventory"
            if object_id.name in self.namespaces:
                return "objects of the manifests are in it"
        if object_id.kind == "CustomResourceDefinition" and object_id.name in self.definitions:
            return "objects of the manifests are of this kind"
        return ""
