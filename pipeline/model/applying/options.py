"""What the user decided about an apply."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.model.applying.guards import Guards
from pipeline.model.applying.inventory import Inventory, InventoryKind
from pipeline.model.applying.take_over import Predecessor
from pipeline.model.flux.kustomization import IgnoreRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """Decisions of one apply; timeout in seconds.

    Attributes:
        inventory: name of the inventory.
        kind: what keeps the inventory.
        namespace: where the inventory is, and where namespaced objects go that name no namespace.
        prune: delete what the inventory knows and the manifests no longer have.
        dry_run: plan against the server and write nothing.
        force_conflicts: take fields from other managers.
        recreate: delete and create objects whose change touches immutable fields.
        take_ownership: take objects from other inventories and tools.
        allow_rollback: apply what was signed before that which the inventory records.
        predecessors: managers whose fields become ours before an object is applied; none: only kubectl lets go.
        ignore: fields that are left as they are in the cluster.
        require_namespace: refuse namespaced objects that name no namespace.
        save_fingerprints: save the inventory even where only fingerprints are new.
        guards: what must not be deleted unless somebody overrides it.
        concurrency: how many requests may be under way at once.
        timeout: how long to wait for definitions, namespaces and deletions.
        writer: who runs this, for the inventory and for whoever meets it there.
    """

    inventory: str
    namespace: str
    kind: InventoryKind = InventoryKind.PIPELINE
    prune: bool = True
    dry_run: bool = False
    force_conflicts: bool = False
    recreate: bool = False
    take_ownership: bool = False
    allow_rollback: bool = False
    predecessors: tuple[Predecessor, ...] = ()
    ignore: tuple[IgnoreRule, ...] = field(default=(), hash=False)
    require_namespace: bool = False
    save_fingerprints: bool = False
    guards: Guards = field(default_factory=Guards)
    concurrency: int = 8
    timeout: float = 60.0
    writer: str = ""

    def new_inventory(self) -> Inventory:
        """The inventory as it is before anything was ever applied."""
        return Inventory(self.namespace, self.inventory, kind=self.kind)
