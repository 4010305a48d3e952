"""A plan as a page: a diff, and how far it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.model.outcome.plan import PlanResult
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.model.reporting import ReportContext
from pipeline.reports.html.diff import diff_page
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Panel, Panels, Row


def render(result: PlanResult, context: ReportContext) -> str:
    """The whole page."""
    page = diff_page(result.diff, "Plan", _radius(result.radius))
    before, after = page.sides
    if result.basis is not None and result.basis.verified:
        signers = tuple(("Signed by", signer.text) for signer in result.basis.signers)
        after = replace(after, facts=after.facts + signers)
    return render_page(replace(page, sides=(before, after), notes=(*page.notes, *_kept(result))), context)


def _kept(result: PlanResult) -> Iterator[str]:
    if not result.file:
        return
    yield f"Saved to {result.file} as plan {result.digest}."
    if result.is_appliable:
        yield f"To apply exactly this: gitless apply --plan {result.file}"
    else:
        yield "It is to be read, not applied."


def _radius(radius: BlastRadius) -> tuple[Panels, ...]:
    if not radius.objects:
        return ()
    kinds = sorted(radius.kinds.items(), key=lambda entry: (-entry[1], entry[0]))
    panels = (
        _touched("Data that is deleted with its object", radius.data_lost, "bad"),
        _touched("Services that lose endpoints", radius.endpoints_lost, "bad"),
        _touched("Workloads that restart", radius.restarts, "warn"),
    )
    facts = (
        ("Objects", f"{radius.objects:,}: " + ", ".join(f"{number:,} {kind}" for kind, number in kinds)),
        ("Namespaces", f"{len(radius.namespaces):,}: " + ", ".join(radius.namespaces)),
    )
    return (Panels("Blast radius", tuple(panel for panel in panels if panel.rows), facts),)


def _touched(title: str, touched: tuple[Touched, ...], tone: str) -> Panel:
    rows = tuple(Row(str(item.object_id), item.reason, object_id=item.object_id) for item in touched)
    return Panel(f"{title} ({len(rows):,})", rows, tone)
