"""``MatrixResult`` as text."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.outcome.matrix import MatrixEntry, MatrixResult

_SHOWN = 3
_WIDTH = 200


def render(result: MatrixResult, *, color: bool) -> str:
    """One line for each target, with the first paths that touched it."""
    del color
    if not result.since:
        return "".join(f"{_job(entry)}\n" for entry in result.entries) or "no settings files were found\n"
    lines = [f"{_job(entry)}: {_reasons(entry)}\n" for entry in result.entries]
    rest = f"{result.untouched} untouched since {result.since[:12]}\n"
    return "".join(lines) + rest


def _job(entry: MatrixEntry) -> str:
    return printable(f"{entry.file} {entry.target}".rstrip(), _WIDTH)


def _reasons(entry: MatrixEntry) -> str:
    shown = ", ".join(printable(path, _WIDTH) for path in entry.touched_by[:_SHOWN])
    more = len(entry.touched_by) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
