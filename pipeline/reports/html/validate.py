"""Findings as a page: each with its rule, the reason for it, how to fix it, and where it is written."""

from __future__ import annotations

from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.reporting import ReportContext
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Rule, Severity
from pipeline.reports.html.changes import side_card
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Item, Page, Panel, Panels, Row, Section, Style, Tile, places

_SUPPRESSED, _NOT_EVALUATED = "suppressed", "not-evaluated"
_TAGS = (*(severity.value for severity in Severity), _SUPPRESSED, _NOT_EVALUATED)
_STYLES = (
    Style("✗", "error", "bad"),
    Style("!", "warning", "warn"),
    Style("i", "note", "info"),
    Style("·", "suppressed", "quiet"),
    Style("?", "not evaluated", "warn"),
)
_SECTIONS = (
    Section("Errors", "They close the gate."),
    Section("Warnings"),
    Section("Notes"),
    Section("Suppressed", "Somebody said that these are all right, and why."),
    Section("Not evaluated", "No gate could judge these: they have not passed."),
)
_LABELS = ("errors", "warnings", "notes", "suppressed", "not evaluated")


def render(result: ValidateResult, context: ReportContext) -> str:
    """The whole page."""
    return render_page(page_of(result), context)


def page_of(result: ValidateResult) -> Page:
    """The page of findings."""
    rules = {(check.gate, rule.id): rule for check in result.checks for rule in check.rules}
    found = [_finding(finding, rules.get((finding.gate, finding.rule))) for finding in result.findings]
    found += [_not_evaluated(item, rules.get((item.gate, item.rule))) for item in result.not_evaluated]
    items = tuple(sorted(found, key=lambda item: item.section))
    verdict, tone = _verdict(result)
    return Page(
        kind="Validation",
        verdict=verdict,
        tone=tone,
        sides=(side_card("Checked", result.subject),),
        tiles=_tiles(result),
        panels=(Panels("", (Panel("Gates", tuple(map(_gate, result.checks))),)),),
        styles=_STYLES,
        sections=_SECTIONS,
        items=items,
        noun=("finding", "findings"),
        group="Rule",
        nothing=f"No findings in {result.objects:,} objects.",
        places=places(items),
    )


def _verdict(result: ValidateResult) -> tuple[str, str]:
    counts = [(result.count(Severity.ERROR), "error"), (result.count(Severity.WARNING), "warning")]
    parts = [f"{number:,} {what}{'s' if number > 1 else ''}" for number, what in counts if number]
    if not result.is_passed:
        return f"Not passed: {', '.join(parts)}", "bad"
    missing = len(result.not_evaluated)
    parts += [f"{missing:,} not evaluated"] if missing else []
    return f"Passed{', with ' + ', '.join(parts) if parts else ''}", "warn" if parts else "good"


def _tiles(result: ValidateResult) -> tuple[Tile, ...]:
    numbers = [*(result.count(severity) for severity in Severity), result.suppressed, len(result.not_evaluated)]
    tiles = [
        Tile(tag, label, number, style.tone)
        for tag, label, number, style in zip(_TAGS, _LABELS, numbers, _STYLES, strict=True)
        if number
    ]
    return (*tiles, Tile("", "objects", result.objects, "quiet"))


def _gate(check: Checked) -> Row:
    found = sum(finding.suppression is None for finding in check.findings)
    parts = [f"{check.objects:,} objects", f"{found:,} finding{'' if found == 1 else 's'}"]
    parts += [f"{len(check.not_evaluated):,} not evaluated"] if check.not_evaluated else []
    against = f" against {check.subject}" if check.subject else ""
    return Row(check.gate, ", ".join(parts) + against)


def _finding(finding: Finding, rule: Rule | None) -> Item:
    place = _TAGS.index(_SUPPRESSED if finding.suppression else finding.severity.value)
    facts = [("Rule", f"{finding.rule}: {rule.title}" if rule else finding.rule), ("Gate", finding.gate)]
    if finding.object_id is not None:
        facts.append(("Object", str(finding.object_id)))
    facts += [("Field", finding.path), ("Written in", str(finding.origin or ""))]
    facts += [("Why it matters", rule.reason if rule else ""), ("How to fix it", _fix(finding, rule))]
    if finding.suppression is not None:
        facts += [("Suppressed because", finding.suppression.reason), ("Suppressed in", finding.suppression.place)]
        facts.append(("Would be", finding.severity.value))
    return Item(
        section=place,
        style=place,
        tags=(_TAGS[place],),
        object_id=finding.object_id,
        title=finding.message,
        note=finding.rule,
        place=str(finding.origin or ""),
        group=finding.rule,
        facts=tuple((name, value) for name, value in facts if value),
    )


def _fix(finding: Finding, rule: Rule | None) -> str:
    fix = rule.fix if rule else ""
    return finding.hint if not fix or fix in finding.hint else f"{finding.hint}\n{fix}".lstrip()


def _not_evaluated(item: NotEvaluated, rule: Rule | None) -> Item:
    place = _TAGS.index(_NOT_EVALUATED)
    facts = [("Rule", f"{item.rule}: {rule.title}" if rule else item.rule), ("Gate", item.gate)]
    if item.object_id is not None:
        facts.append(("Object", str(item.object_id)))
    facts.append(("Written in", str(item.origin or "")))
    return Item(
        section=place,
        style=place,
        tags=(_NOT_EVALUATED,),
        object_id=item.object_id,
        title=item.reason,
        note=item.rule,
        place=str(item.origin or ""),
        group=item.rule,
        facts=tuple((name, value) for name, value in facts if value),
    )
