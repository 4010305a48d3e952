"""A rollback or a release, for a run's page."""

from __future__ import annotations

from pipeline.model.outcome.rollback import RollbackResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, prose
from pipeline.reports.text.rollback import lock_in_words


def render(result: RollbackResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    place = code(f"{result.target.repository}:{result.target.tag}")
    if result.is_release:
        what = f"{place} may move again; it is at {code(result.target.digest)}."
        verdict = "released" if result.is_changed else "it was not locked"
    elif result.is_changed:
        what = f"{place}: {code(result.previous)} → {code(result.target.digest)} ({prose(result.because)})."
        verdict = "dry run, nothing was written" if result.is_dry_run else "done"
    else:
        what, verdict = f"{place} is at {code(result.target.digest)} already.", "nothing to move"
    lock = [Item(f"- {prose(lock_in_words(result.lock))}")] if result.lock is not None else []
    sections = (Section("Lock", lock), Section("Notes", [Item(f"- {prose(note)}") for note in result.notes]))
    return compose((title(verdict, context, "Rollback"), what), sections, context)
