"""What an apply did, for a pull request or a run's page."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.changes import DONE, TO_DO, counted, sections
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, prose


def render(result: ApplyResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    words = TO_DO if result.dry_run else DONE
    overridden = Section("Guards that were overridden", _lines(result.overridden))
    notes = Section("Notes", _lines(result.notes))
    changes = sections(result.changes, words, is_whole=not context.limit)
    stale = Section("No longer as planned", _lines(map(str, result.differences)))
    head = (title(verdict(result), context, "Apply"), _what(result), _trust(result))
    return compose(head, [stale, overridden, notes, *changes], context)


def _lines(sentences: Iterable[str]) -> list[Item]:
    return [Item(f"- {prose(sentence)}") for sentence in sentences]


def verdict(result: ApplyResult) -> str:
    """What came of it, in a line."""
    if result.differences and not result.changes:
        return "refused, the plan no longer holds"
    if result.dry_run:
        return f"dry run, nothing was written; {counted(result.plan, TO_DO) or 'nothing to do'}"
    if not result.is_complete:
        return f"stopped by an error; until then {counted(result.plan, DONE) or 'nothing was done'}"
    return counted(result.plan, DONE) or "nothing to do"


def _what(result: ApplyResult) -> str:
    what = result.digest_url or result.source
    place = f"inventory {code(f'{result.namespace}/{result.inventory}')} in {code(result.cluster)}"
    return (f"{code(what)} → " if what else "") + f"{place}, {result.plan.unchanged} unchanged"


def _trust(result: ApplyResult) -> str:
    signed = f"Signed by {', '.join(map(code, result.verified_by))}." if result.verified_by else ""
    rollback = "**This is a rollback**: the artifact is older than the one before." if result.is_rollback else ""
    approved = ", ".join(code(item.signer) for item in result.approvals)
    plan = f"By the plan {code(result.plan_digest)}" if result.plan_digest else ""
    plan += (f", approved by {approved}." if approved else ".") if plan else ""
    return " ".join(filter(None, (rollback, signed, plan)))
