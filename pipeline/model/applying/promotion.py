"""How the inventory goes from one apply to the next: what is intended, what was done, and whether that is news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeline.model.applying.desired import kept_hash
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.applying.live_plan import Decision, LiveState
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action
from pipeline.model.trust.trusted import TrustedManifests


def with_intention(inventory: Inventory, decisions: Iterable[Decision]) -> Inventory:
    """The inventory with everything that is about to be in the cluster; nothing that was known is forgotten.

    Intended objects are listed without hashes, which say nothing yet and would double the record's size.
    """
    wanted = {
        item.object_id: replace(item.entry, desired_hash="", fingerprint="")
        for item in decisions
        if item.change.action is not Action.PRUNE
    }
    return replace(inventory, pending={**inventory.pending, **wanted})


def promoted(
    inventory: Inventory,
    trusted: TrustedManifests,
    decisions: Iterable[Decision],
    written: Mapping[ObjectId, LiveState],
    unpruned: Iterable[InventoryEntry] = (),
    *,
    began: float | None = None,
) -> Inventory:
    """The inventory after everything was applied, which ``began`` then, in seconds since the epoch.

    ``written`` is how written objects are now, ``unpruned`` are the objects whose deletion failed.
    """
    applied = {item.object_id: entry_of(item, written) for item in decisions if item.is_kept}
    applied |= {entry.object_id: entry for entry in unpruned}
    reference = trusted.reference
    is_same = reference is not None and reference.digest == inventory.digest
    issued_at = inventory.issued_at if is_same and trusted.issued_at is None else trusted.issued_at
    return replace(
        inventory,
        applied=applied,
        pending={},
        repository=str(reference.repository) if reference else "",
        digest=reference.digest if reference else "",
        source=trusted.source,
        revision=trusted.revision,
        verified_by=tuple(signature.signer for signature in trusted.signatures),
        issued_at=issued_at,
        applied_at=inventory.applied_at if is_same else began,
    )


def entry_of(decision: Decision, written: Mapping[ObjectId, LiveState]) -> InventoryEntry:
    """What the inventory keeps of an object, which is as ``written`` says if we wrote it."""
    entry, now = decision.entry, written.get(decision.object_id)
    if now is None:
        return entry
    desired = kept_hash(entry.object_id, entry.desired_hash, now.uid)
    return replace(entry, desired_hash=desired, fingerprint=now.fingerprint)


def says_the_same(before: Inventory, after: Inventory) -> bool:
    """Whether saving would tell nothing new; a fingerprint alone is not worth a write."""
    return _statement(before) == _statement(after)


def _statement(inventory: Inventory) -> tuple[object, ...]:
    return (
        {object_id: (entry.api_version, entry.desired_hash) for object_id, entry in inventory.applied.items()},
        dict(inventory.pending),
        inventory.repository,
        inventory.digest,
        inventory.source,
        inventory.revision,
        inventory.verified_by,
        inventory.issued_at,
    )
