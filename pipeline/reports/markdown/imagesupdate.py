"""What updating images changed, for a pull request's text and a job's summary."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.images_update import ImagesUpdateResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code

_HEADER = "| place | policy | before | after |\n|---|---|---|---|"
_LOCK_HEADER = "| image | becomes |\n|---|---|"


def render(result: ImagesUpdateResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    number = len(result.changes)
    words = f"{number} value{'' if number == 1 else 's'} updated" if result.is_changed else "up to date"
    if result.is_changed and not number:
        words = "the lock is updated"
    return compose((title(words, context, "Images"),), _sections(result), context)


def _sections(result: ImagesUpdateResult) -> Iterator[Section]:
    rows = [
        Item(
            f"| {code(f'{change.file}:{change.line}')} | {code(change.policy)} | {code(change.before)} |"
            f" {code(change.after)} |"
        )
        for change in result.changes
    ]
    yield Section("Marked values", rows, _HEADER)
    lock = result.lock
    if lock is not None:
        entries = [entry for entry in lock.lock.images if lock.change_of(entry) != "kept"]
        locked = [Item(f"| {code(entry.image)} | {code(entry.pinned)} |") for entry in entries]
        removed = [Item(f"| {code(entry.image)} | removed |") for entry in lock.removed]
        yield Section("Lock", [*locked, *removed], _LOCK_HEADER)
