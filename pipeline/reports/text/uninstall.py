"""An uninstallation for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.uninstall import UninstallResult
from pipeline.reports.text.changes import change_lines
from pipeline.reports.text.values import Paint, printable


def render(result: UninstallResult, *, color: bool) -> str:
    """A line per object, and what became of the rest; ends with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: UninstallResult, paint: Paint) -> Iterator[str]:
    yield from change_lines(result.changes, paint)
    for released in result.released:
        yield f"{paint('yellow', 'released  ')} {printable(str(released))}"
    if result.dry_run:
        yield f"Dry run, nothing was written: {result.deleted} objects would be deleted."
    elif result.deleted:
        yield f"{result.deleted} objects deleted; what the puller applied goes on running, and nobody reconciles it."
    else:
        yield printable(f"Nothing to do: the puller is not in {result.namespace} of {result.cluster}.")
