"""Saving the inventory, and finding out that somebody else did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.errors import RefusedError
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.applying.options import ApplyOptions
from pipeline.ports import Clock, Cluster

OVERTAKEN = "refused.overtaken"
_PAUSE = 1.0


def save(cluster: Cluster, inventory: Inventory, options: ApplyOptions, clock: Clock) -> Inventory:
    """Save under our name.

    Raises:
        RefusedError: another apply saved since it was loaded; the message says whose and when.
        ClusterError: it could not be saved.
    """
    now = datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        return cluster.save_inventory(replace(inventory, writer=options.writer, written_at=now))
    except RefusedError:
        raise overtaken(inventory, cluster.load_inventory(inventory.namespace, inventory.name)) from None


def still_ours(cluster: Cluster, inventory: Inventory) -> None:
    """Make sure that nobody else began to apply the same inventory meanwhile.

    Raises:
        RefusedError: somebody did; the later one goes on, and this one must stop.
    """
    found = cluster.load_inventory(inventory.namespace, inventory.name)
    if found is None or found.resource_version != inventory.resource_version:
        raise overtaken(inventory, found)


def overtaken(inventory: Inventory, found: Inventory | None) -> RefusedError:
    """The error that says who was faster."""
    if found is None:
        return RefusedError(f"{inventory} was deleted while this apply was running", code=OVERTAKEN)
    who = f" by {found.writer}" if found.writer else ""
    when = f" at {found.written_at}" if found.written_at else ""
    return RefusedError(
        f"another apply of {inventory} came in between: it was saved{who}{when}",
        hint="let one pipeline at a time apply an inventory; when the other is done, run this one again",
        code=OVERTAKEN,
    )


def hand_over(
    written: Sequence[InventoryEntry], inventory: Inventory, cluster: Cluster, options: ApplyOptions, clock: Clock
) -> bool:
    """Make what an overtaken apply wrote known to the inventory, so that the next run prunes what nobody wants.

    The other apply looked around before our last writes arrived, and forgets our intention when it is done; so this
    waits for it to be done. Returns whether everything is on record; false where the other did not end in time.

    Raises:
        ClusterError: the inventory could not be read or saved.
    """
    deadline = clock.now() + options.timeout
    while True:
        found = cluster.load_inventory(inventory.namespace, inventory.name)
        if found is None:
            return False
        if not found.pending:
            lost = {entry.object_id: entry for entry in written if entry.object_id not in found.applied}
            try:
                if lost:
                    save(cluster, replace(found, applied={**found.applied, **lost}), options, clock)
            except RefusedError:
                continue  # A third one began; it has to end first, too.
            return True
        if clock.now() >= deadline:
            return False
        clock.sleep(_PAUSE)
