"""What changed from one deploy record to the next, and what became of each object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.model.deployments.composing import WITHHELD
from pipeline.model.deployments.record import DeployRecord, ObjectEvent
from pipeline.model.manifests import ObjectId

CREATED, CHANGED, DELETED, UNCHANGED, UNKNOWN = "created", "changed", "deleted", "unchanged", "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many objects a record has created, changed and deleted; ``unknown``: the hash of so many is withheld."""

    created: int = 0
    changed: int = 0
    deleted: int = 0
    unknown: int = 0


def history_of(records: Iterable[DeployRecord]) -> Mapping[ObjectId, tuple[ObjectEvent, ...]]:
    """Every object's events, the newest first, whatever the order of the records.

    A record after which an object is as it was before adds nothing to it; only in the oldest record are objects
    ``unchanged``, for it is where knowledge begins. Failed applies, which leave nobody knows what, are passed over.
    Records of several inventories are told apart.
    """
    events: dict[ObjectId, list[ObjectEvent]] = defaultdict(list)
    for chain in _chains(records):
        for object_id in chain[0].objects:
            events[object_id].append(_event(chain[0], UNCHANGED))
        for before, after in pairwise(chain):
            digests_differ = before.digest != after.digest
            for object_id, change in _changes(before.objects, after.objects):
                # With the same artifact an object whose hash nobody has is most likely the same.
                if change != UNKNOWN or digests_differ:
                    events[object_id].append(_event(after, change))
    return {
        object_id: tuple(sorted(found, key=lambda event: event.time, reverse=True))
        for object_id, found in sorted(events.items())
    }


def changes_between(before: DeployRecord, after: DeployRecord) -> Counts:
    """How the objects of one record differ from those of the one before it."""
    changes = [change for _, change in _changes(before.objects, after.objects)]
    return Counts(
        created=changes.count(CREATED),
        changed=changes.count(CHANGED),
        deleted=changes.count(DELETED),
        unknown=changes.count(UNKNOWN),
    )


def counted(records: Sequence[DeployRecord]) -> tuple[tuple[DeployRecord, Counts | None], ...]:
    """Records, newest first, each with what it changed; ``None`` where there is nothing to compare it with."""
    counts: dict[int, Counts] = {}
    for chain in _chains(records):
        for before, after in pairwise(chain):
            counts[id(after)] = changes_between(before, after)
    return tuple((record, counts.get(id(record))) for record in sorted(records, key=_time, reverse=True))


def _chains(records: Iterable[DeployRecord]) -> Iterator[list[DeployRecord]]:
    """The records of each inventory that say what is in the cluster, oldest first."""
    by_inventory: dict[str, list[DeployRecord]] = defaultdict(list)
    for record in sorted(records, key=_time):
        if record.is_complete:
            by_inventory[record.inventory].append(record)
    yield from by_inventory.values()


def _changes(before: Mapping[ObjectId, str], after: Mapping[ObjectId, str]) -> Iterator[tuple[ObjectId, str]]:
    for object_id, value in after.items():
        if object_id not in before:
            yield object_id, CREATED
        elif WITHHELD in (value, before[object_id]):
            yield object_id, UNKNOWN
        elif value != before[object_id]:
            yield object_id, CHANGED
    for object_id in before:
        if object_id not in after:
            yield object_id, DELETED


def _event(record: DeployRecord, change: str) -> ObjectEvent:
    return ObjectEvent(time=record.time, digest=record.digest, revision=record.revision, change=change)


def _time(record: DeployRecord) -> float:
    return record.time
