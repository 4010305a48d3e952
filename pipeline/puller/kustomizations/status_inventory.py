"""The inventory of a Kustomization, kept in its status: the intention before the first write, the result at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.model.applying.inventory import Inventory, InventoryEntry, InventoryKind
from pipeline.model.flux.inventory import InventoryEntry as StatusEntry
from pipeline.model.flux.inventory import read_inventory
from pipeline.model.manifests import Body
from pipeline.puller.kustomizations.records import Record
from pipeline.puller.kustomizations.stops import led_by_another


class StatusInventory:
    """Stands for the inventories of a cluster while one Kustomization is applied.

    What is about to be written is announced, so that it can be saved in the status first; what was written is only
    remembered here, for the caller saves it with everything else that there is to say.
    """

    def __init__(
        self, body: Body, record: Record | None, announce: Callable[[Inventory], None], is_leading: Callable[[], bool]
    ) -> None:
        self.inventory = inventory_of(body, record)
        self._announce = announce
        self._is_leading = is_leading
        self._saves = 0

    def names(self, default_namespace: str) -> Sequence[tuple[str, str]]:
        """There is one."""
        del default_namespace
        return [(self.inventory.namespace, self.inventory.name)]

    def load(self, namespace: str, name: str) -> Inventory | None:
        """As it was saved last; nothing where this was never applied before.

        Raises:
            RefusedError: somebody else leads now, and this process must not write any more.
        """
        del namespace, name
        self._check()
        return self.inventory if self.inventory.resource_version else None

    def save(self, inventory: Inventory) -> Inventory:
        """Announce an intention; remember a result.

        Raises:
            RefusedError: somebody else leads now.
        """
        self._check()
        if inventory.pending:
            self._announce(inventory)
        self._saves += 1
        self.inventory = replace(inventory, resource_version=f"saved-{self._saves}")
        return self.inventory

    def _check(self) -> None:
        if not self._is_leading():
            raise led_by_another()


def inventory_of(body: Body, record: Record | None) -> Inventory:
    """What the status lists; with what the record knows about each object, if it is about the same cluster."""
    metadata = body["metadata"]
    known = record.applied if record is not None else {}
    applied = {
        entry.object_id: known.get(entry.object_id) or InventoryEntry(entry.object_id, entry.api_version)
        for entry in read_inventory(body)
    }
    return Inventory(
        metadata.get("namespace") or "",
        metadata["name"],
        applied,
        resource_version="status" if (body.get("status") or {}).get("inventory") is not None else "",
        kind=InventoryKind.KUSTOMIZATION,
    )


def status_entries(inventory: Inventory) -> tuple[StatusEntry, ...]:
    """Everything that may be in the cluster because of the Kustomization, as its status lists it."""
    known = inventory.known.values()
    return tuple(sorted(StatusEntry(entry.object_id, entry.api_version.rpartition("/")[2]) for entry in known))
