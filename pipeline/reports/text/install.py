"""An installation for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.install import InstallResult
from pipeline.model.plan import Action
from pipeline.reports.text.changes import change_lines
from pipeline.reports.text.values import Paint, printable


def render(result: InstallResult, *, color: bool) -> str:
    """A line per object that changed, and what is installed now; ends with a newline."""
    return "\n".join(lines(result, Paint(color))) + "\n"


def lines(result: InstallResult, paint: Paint) -> Iterator[str]:
    """The report's lines."""
    yield from change_lines(result.changes, paint)
    unchanged = result.count(Action.UNCHANGED)
    if result.dry_run:
        yield f"Dry run, nothing was written: {unchanged} objects are as they should be."
        return
    state = "is available" if result.ready else "is not known to be available"
    where = printable(f"{result.namespace} in {result.cluster}")
    yield f"gitless v{result.version} is installed in {where}, {unchanged} objects unchanged; the puller {state}."
