"""A plan as a page: a diff, and how far it reaches."""

from __future__ import annotations

from dataclasses import replace

from pipeline.model.outcome.plan import PlanResult
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.model.reporting import ReportContext
from pipeline.reports.html.diff import diff_page
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Panel, Panels, Row
from pipeline.reports.text.values import printable


def render(result: PlanResult, context: ReportContext) -> str:
    """The whole page."""
    page = diff_page(result.diff, "Plan", _radius(result.radius))
    notes = (*page.notes, f"Saved as {printable(result.file)}.") if result.file else page.notes
    return render_page(replace(page, notes=notes), context)


def _radius(radius: BlastRadius) -> tuple[Panels, ...]:
    if not radius.objects:
        return ()
    kinds = sorted(radius.kinds.items(), key=lambda entry: (-entry[1], entry[0]))
    panels = (
        _touched("Data that is deleted with its object", radius.data_lost, "bad"),
        _touched("Services that lose endpoints", radius.endpoints_lost, "bad"),
        _touched("Workloads that restart", radius.restarts, "warn"),
        Panel("Kinds", tuple(Row(printable(kind), f"{number:,}") for kind, number in kinds)),
        Panel("Namespaces", tuple(Row(printable(name)) for name in radius.namespaces)),
    )
    return (Panels("Blast radius", tuple(panel for panel in panels if panel.rows)),)


def _touched(title: str, touched: tuple[Touched, ...], tone: str) -> Panel:
    rows = tuple(
        Row(printable(str(item.object_id)), printable(item.reason), object_id=item.object_id) for item in touched
    )
    return Panel(f"{title} ({len(rows):,})", rows, tone)
