"""What an apply did, for a pull request or a run's page."""

from __future__ import annotations

from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.changes import DONE, TO_DO, counted, sections
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, prose


def render(result: ApplyResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    words = TO_DO if result.dry_run else DONE
    notes = Section("Notes", [Item(f"- {prose(note)}", is_line=True) for note in result.notes])
    changes = sections(result.changes, words, is_whole=not context.limit)
    head = (title(_verdict(result), context, "Apply"), _what(result), _trust(result))
    return compose(head, [notes, *changes], context)


def _verdict(result: ApplyResult) -> str:
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
    return " ".join(filter(None, (rollback, signed)))
