"""What was locked, an image in each line."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.images_lock import ImagesLockResult
from pipeline.reports.text.values import Paint, printable

_STYLES = {"added": "green", "changed": "yellow", "kept": "dim"}
_SIGNS = {"added": "+", "changed": "~", "kept": " "}


def render(result: ImagesLockResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: ImagesLockResult, paint: Paint) -> Iterator[str]:
    for entry in result.lock.images:
        change = result.change_of(entry)
        runs = f" → {entry.tag} by {entry.policy}" if entry.tag else ""
        line = f"{_SIGNS[change]} {printable(entry.image + runs)}  {entry.digest}"
        yield paint(_STYLES[change], line)
    for entry in result.removed:
        yield paint("red", f"- {printable(entry.image)}  {entry.digest}")
    for image in result.gone:
        yield paint("red+bold", f"! {printable(image)}  not found")
    for image in result.unreadable:
        yield paint("red+bold", f"! {printable(image)}  is no name of an image")
    number = len(result.lock.images)
    state = "written" if result.is_changed else "unchanged"
    more = f", {result.pinned} with a digest of their own" if result.pinned else ""
    yield f"{number} image{'' if number == 1 else 's'} in {printable(result.file)} ({state}){more}"
