"""``HistoryResult`` as a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pipeline.model.deployments.history import Counts
from pipeline.model.deployments.record import ObjectEvent
from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.history import Deployment, HistoryResult
from pipeline.model.promotion.lock import TagLock
from pipeline.reports.text.rollback import lock_in_words
from pipeline.reports.text.tables import table

_WIDTH = 80
_LINE = 200
_NOTE = 300
_FINGERPRINT = re.compile(r"(SHA256:[0-9a-f]{12})[0-9a-f]{52}")
"""Of a key; the JSON has all of it."""
_SHORT = 12
_HEADINGS = ("TIME", "DIGEST", "RESULT", "CHANGES", "REVISION", "VERIFIED BY")


def render(result: HistoryResult, *, color: bool) -> str:
    """A line per deployment, newest first; with objects a line per event of each."""
    del color
    notes = "".join(f"note: {printable(note, _NOTE)}\n" for note in result.notes)
    if result.objects is not None:
        return "".join(_objects(result, result.objects)) + notes
    if not result.deployments:
        return f"No deploy records of {result.cluster} in {result.repository}\n{notes}"
    is_one = len({item.record.inventory for item in result.deployments}) == 1
    headings = _HEADINGS if is_one else (*_HEADINGS, "INVENTORY")
    rows = [_row(item, with_inventory=not is_one) for item in result.deployments]
    if result.locks is None:
        return table(headings, rows) + notes
    rows = [(*row, _now(item, result.locks)) for row, item in zip(rows, result.deployments, strict=True)]
    locks = "".join(f"lock: {lock_in_words(lock)}\n" for lock in result.locks)
    return table((*headings, "NOW"), rows) + locks + notes


def _now(item: Deployment, locks: Iterable[TagLock]) -> str:
    """The tags that point at it now, and whether one went back from it."""
    held = {lock.tag for lock in locks if lock.is_in_force}
    tags = [f"{printable(tag, _WIDTH)} (locked)" if tag in held else printable(tag, _WIDTH) for tag in item.tags]
    return ", ".join([*tags, *(["rolled back"] if item.rolled_back is not None else [])]) or "-"


def _row(item: Deployment, *, with_inventory: bool) -> tuple[str, ...]:
    record = item.record
    told = f"{record.result.value} ({record.message})" if record.message else record.result.value
    inventory = (printable(record.inventory, _WIDTH),) if with_inventory else ()
    return (
        format_time(int(record.time)),
        record.digest.removeprefix("sha256:")[:_SHORT],
        printable(told, _WIDTH),
        _counts(item.counts),
        printable(record.revision, _WIDTH) or "-",
        _FINGERPRINT.sub(r"\1…", printable(", ".join(record.verified_by), _LINE)) or "nobody",
        *inventory,
    )


def _counts(counts: Counts | None) -> str:
    """``+1 ~2 -3``, and ``?4`` where a hash is withheld; ``-`` where there is nothing to compare with."""
    if counts is None:
        return "-"
    signs = (("+", counts.created), ("~", counts.changed), ("-", counts.deleted), ("?", counts.unknown))
    return " ".join(f"{sign}{number}" for sign, number in signs if number) or "none"


def _objects(result: HistoryResult, objects: Mapping[ObjectId, tuple[ObjectEvent, ...]]) -> Iterator[str]:
    if not objects:
        yield f"No deploy record of {result.cluster} in {result.repository} has such an object\n"
    for object_id, events in objects.items():
        yield f"{printable(str(object_id), _NOTE)}\n"
        rows = [
            (
                "",
                format_time(int(event.time)),
                event.change,
                event.digest.removeprefix("sha256:")[:_SHORT],
                printable(event.revision, _WIDTH) or "-",
            )
            for event in events
        ]
        yield table(("", "TIME", "CHANGE", "DIGEST", "REVISION"), rows)
