"""Events as kubectl and flux show them."""

from __future__ import annotations

from pipeline.model.documents.times import format_age
from pipeline.model.flux.seen_events import SeenEvent
from pipeline.model.outcome.events import EventsResult
from pipeline.reports.text.tables import table
from pipeline.reports.text.values import printable

_HEADINGS = ("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE")
_WIDTHS = (12, 8, 26, 36)
"""Of all columns but the last, where rows are printed before later ones are known."""


def render(result: EventsResult, *, color: bool) -> str:
    """One line per event."""
    del color
    where = f"namespace {result.namespace}" if result.namespace else "any namespace"
    if not result.events:
        return f"No events about OCIRepositories or Kustomizations in {where}\n"
    with_namespace = not result.namespace or any(e.involved.namespace != result.namespace for e in result.events)
    headings = ("NAMESPACE", *_HEADINGS) if with_namespace else _HEADINGS
    rows = (_cells(event, result.now) for event in result.events)
    return table(
        headings,
        (
            (printable(event.involved.namespace), *cells) if with_namespace else cells
            for event, cells in zip(result.events, rows, strict=True)
        ),
    )


def heading() -> str:
    """The headings of lines that are printed one by one."""
    return _line(_HEADINGS)


def line(event: SeenEvent, now: float) -> str:
    """One event by itself; the namespace follows the object's name, as in Flux's logs."""
    cells = _cells(event, now)
    return _line((*cells[:3], f"{cells[3]}.{printable(event.involved.namespace)}", cells[4]))


def _line(cells: tuple[str, ...]) -> str:
    front = (cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False))
    return "  ".join((*front, cells[-1])).rstrip() + "\n"


def _cells(event: SeenEvent, now: float) -> tuple[str, ...]:
    age = format_age(now - event.time) if event.time else "unknown"
    seen = f"{age} (x{event.count})" if event.count > 1 else age
    involved = f"{event.involved.kind}/{event.involved.name}"
    message = " ".join(event.message.split())
    return (seen, printable(event.type), printable(event.reason), printable(involved), printable(message))
