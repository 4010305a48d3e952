"""A line of a log as flux prints it."""

from __future__ import annotations

from pipeline.model.flux.log_lines import LogLine
from pipeline.reports.text.values import Paint, printable

_STYLES = {"error": "red", "warn": "yellow", "debug": "dim"}


def line(found: LogLine, *, color: bool) -> str:
    """``TIME LEVEL Kind/name.namespace - message``; what is no record is passed through, without its controls."""
    if found.is_plain:
        return printable(found.raw) + "\n"
    paint = Paint(color)
    involved = found.kind + (f"/{found.name}.{found.namespace}" if found.name else "")
    front = " ".join(part for part in (printable(found.timestamp), _level(found, paint), printable(involved)) if part)
    message = " ".join(part for part in (found.message, found.error) if part)
    return f"{front} - {printable(' '.join(message.split()))}\n"


def _level(found: LogLine, paint: Paint) -> str:
    return paint(_STYLES.get(found.level, ""), printable(found.level))
