"""What updating images changed, and where that went, for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from pipeline.model.images.markers import MarkedPart
from pipeline.model.outcome.images_update import ImagesUpdateResult
from pipeline.reports.text.values import Paint, printable


def render(result: ImagesUpdateResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: ImagesUpdateResult, paint: Paint) -> Iterator[str]:
    for file, changes in groupby(result.changes, key=lambda change: change.file):
        yield paint("bold", printable(file))
        for change in changes:
            part = "" if change.part is MarkedPart.IMAGE else f" {change.part}"
            yield f"  {change.line}:{part} {printable(change.before) or '(nothing)'} → {printable(change.after)}"
            yield paint("dim", f"      policy {printable(change.policy)}")
    if result.lock is not None and result.lock.is_changed:
        yield paint("bold", printable(result.lock.file))
        for entry in result.lock.lock.images:
            if result.lock.change_of(entry) != "kept":
                yield f"  {printable(entry.image)} → {printable(entry.pinned)}"
        yield from (f"  {printable(entry.image)} removed" for entry in result.lock.removed)
    yield from _end(result, paint)


def _end(result: ImagesUpdateResult, paint: Paint) -> Iterator[str]:
    if not result.is_changed:
        yield paint("green", "every image is what its policy chooses")
        return
    number = len(result.files)
    yield f"{number} file{'' if number == 1 else 's'} {'written' if result.is_written else 'would change'}"
    if result.patch_file:
        yield f"  patch   {printable(result.patch_file)}"
    if result.commit is not None:
        state = "" if result.commit.is_new else " (was there already)"
        where = f" on {printable(result.commit.branch)}" if result.commit.branch else ""
        yield f"  commit  {result.commit.digest}{where}{state}"
    if result.pull_request is not None:
        done = "opened" if result.pull_request.is_new else "updated"
        yield f"  {done}  {printable(result.pull_request.url)}"
