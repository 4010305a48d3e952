"""A bootstrap for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.bootstrap import BootstrapResult
from pipeline.reports.text import install
from pipeline.reports.text.changes import change_lines
from pipeline.reports.text.values import Paint, printable


def render(result: BootstrapResult, *, color: bool) -> str:
    """The installation, the objects that were written, and what the cluster runs now; ends with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: BootstrapResult, paint: Paint) -> Iterator[str]:
    yield from install.lines(result.installed, paint)
    yield from change_lines(result.changes, paint)
    what = printable(f"{result.artifact} ({result.path})")
    if result.ready:
        yield f"The cluster reconciles {what}, and runs {printable(result.revision)}."
    elif not result.installed.dry_run:
        yield f"The cluster is told to reconcile {what}, which was not waited for."
