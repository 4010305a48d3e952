"""An apply as a page: what was done, by which artifact, and who signed it."""

from __future__ import annotations

from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.plan import Action
from pipeline.model.reporting import ReportContext
from pipeline.reports.html.changes import DONE, PENDING, change_items, change_tiles
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Page, Panel, Panels, Row, SideCard, places
from pipeline.reports.text.signatures import in_words


def render(result: ApplyResult, context: ReportContext) -> str:
    """The whole page."""
    return render_page(page_of(result), context)


def page_of(result: ApplyResult) -> Page:
    """The page of an apply."""
    wording = PENDING if result.dry_run else DONE
    items = change_items(result.plan.changes)
    verdict, tone = _verdict(result)
    rollback = ("This is a rollback: the artifact is older than the one before.",) if result.is_rollback else ()
    return Page(
        kind="Apply (dry run)" if result.dry_run else "Apply",
        verdict=verdict,
        tone=tone,
        sides=(_artifact(result), _cluster(result)),
        tiles=change_tiles(result.plan, wording),
        notes=(*rollback, *result.notes),
        panels=_panels(result),
        styles=wording.styles,
        sections=wording.sections,
        items=items,
        nothing=_nothing(result),
        places=places(items),
    )


def _nothing(result: ApplyResult) -> str:
    if result.differences:
        return "Nothing was done."
    return f"Nothing to do: all {result.plan.unchanged} objects are as desired."


def _panels(result: ApplyResult) -> tuple[Panels, ...]:
    stale = tuple(Row(str(difference), tone="bad") for difference in result.differences)
    overridden = tuple(Row(guard, tone="warn") for guard in result.overridden)
    panels = (Panel("No longer as planned", stale, "bad"), Panel("Guards that were overridden", overridden, "warn"))
    shown = tuple(panel for panel in panels if panel.rows)
    return (Panels("", shown),) if shown else ()


def _verdict(result: ApplyResult) -> tuple[str, str]:
    if result.differences and not result.changes:
        return "Refused: the plan no longer holds", "bad"
    if not result.is_complete:
        return "Stopped by an error: not everything was done", "bad"
    if result.plan.is_empty:
        return "Nothing to do, everything is as desired", "good"
    written = sum(change.action is not Action.SKIP for change in result.changes)
    objects = f"{written:,} object{'s' if written > 1 else ''}"
    return (f"{objects} would be written", "warn") if result.dry_run else (f"{objects} written", "good")


def _artifact(result: ApplyResult) -> SideCard:
    signers = [in_words(signature) for signature in result.signatures] or list(result.verified_by)
    facts = [("Digest", result.digest), ("Source", result.source), ("Revision", result.revision)]
    facts += [("Plan", result.plan_digest), *(("Plan approved by", in_words(item)) for item in result.approvals)]
    told = [(name, value) for name, value in facts if value]
    told += [("Signed by", signer) for signer in signers] or [("Signed by", "nobody: verification was skipped")]
    name = result.digest_url.partition("@")[0] or result.source or "a local folder"
    return SideCard("Artifact", name, tuple(told))


def _cluster(result: ApplyResult) -> SideCard:
    return SideCard("Cluster", result.cluster, (("Inventory", f"{result.namespace}/{result.inventory}"),))
