"""``ListResult`` as a table."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.outcome.list import ListResult

_WIDTH = 120
_HEADINGS = ("TAG", "DIGEST", "CREATED", "SOURCE", "REVISION")


def render(result: ListResult, *, color: bool) -> str:
    """One line per tag; full digests, so that they can be copied."""
    del color
    if not result.artifacts:
        return f"No artifacts in {result.repository}\n"
    rows = [_HEADINGS] + [
        (
            listed.artifact.tag or "",
            listed.artifact.digest,
            *(printable(text, _WIDTH) or "-" for text in (listed.created, listed.source, listed.revision)),
        )
        for listed in result.artifacts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if result.omitted:
        lines.append(f"… and {result.omitted} more (--limit)")
    return "\n".join(lines) + "\n"
