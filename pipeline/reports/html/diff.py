"""A diff as a page."""

from __future__ import annotations

from pipeline.model.outcome.diff import DiffResult
from pipeline.model.plan import Action
from pipeline.model.reporting import ReportContext
from pipeline.reports.html.changes import PENDING, change_items, change_tiles, side_card
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Page, Panel, Panels, Row, places
from pipeline.reports.html.values import shown
from pipeline.reports.text.alike import gather
from pipeline.reports.text.values import cut

_SHARE = 0.1
"""Of the configured objects; what fewer have in common is nothing to put first."""
_GROUPS = 5
"""So many groups of objects that change alike are told."""


def render(result: DiffResult, context: ReportContext) -> str:
    """The whole page."""
    return render_page(diff_page(result, "Diff"), context)


def diff_page(result: DiffResult, kind: str, panels: tuple[Panels, ...] = ()) -> Page:
    """The page of a diff, or of what is more than that: ``panels`` come after what stands in the way."""
    items = change_items(result.plan.changes)
    verdict, tone = _verdict(result, len(items))
    return Page(
        kind=kind,
        verdict=verdict,
        tone=tone,
        sides=(side_card("From", result.before), side_card("To", result.after)),
        tiles=change_tiles(result.plan, PENDING),
        notes=result.notes,
        panels=(*_obstacles(result), *panels, *_alike(result)),
        styles=PENDING.styles,
        sections=PENDING.sections,
        items=items,
        columns=("Live", "Desired") if result.before.is_live else ("From", "To"),
        nothing=f"Both sides are the same: {result.plan.unchanged} objects, no difference.",
        places=places(items),
    )


def _alike(result: DiffResult) -> tuple[Panels, ...]:
    """What changes in the same way in many objects; the list has it in each of them all the same."""
    groups, _ = gather(result.plan.changes)
    enough = result.plan.count(Action.CONFIGURE) * _SHARE
    rows = []
    for group in [group for group in groups if len(group.changes) >= enough][:_GROUPS]:
        for field in map(shown, group.fields):
            sides = " → ".join(
                "—" if side is None else cut(side.replace("\n", " ")) for side in (field.before, field.after)
            )
            rows.append(Row(field.path, f"{sides}, in {len(group.changes):,} objects", query=field.path))
    return (Panels("", (Panel("The same change in many objects", tuple(rows)),)),) if rows else ()


def _verdict(result: DiffResult, number: int) -> tuple[str, str]:
    if result.obstacles:
        return "Applying this would be refused", "bad"
    if not number:
        return "No differences", "good"
    gone = sum(change.renamed_to is None and change.action is Action.PRUNE for change in result.plan.changes)
    gone += result.plan.count(Action.RECREATE)
    skipped = result.plan.count(Action.SKIP)
    others = number - gone - skipped
    parts = []
    if gone:
        parts.append(f"{gone:,} deletion{'s' if gone > 1 else ''}")
    if others:
        parts.append(f"{others:,} {'other ' if gone else ''}change{'s' if others > 1 else ''}")
    if not parts:
        return f"Nothing to change, {skipped:,} left alone", "good"
    return " and ".join(parts), "warn"


def _obstacles(result: DiffResult) -> tuple[Panels, ...]:
    if not result.obstacles:
        return ()
    rows = tuple(Row(f"{item.subject}: {item.problem}", item.hint, "bad") for item in result.obstacles)
    return (Panels("", (Panel("What stands in the way", rows, "bad"),)),)
