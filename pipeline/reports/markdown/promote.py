"""What was promoted, for a run's page."""

from __future__ import annotations

from pipeline.model.documents.times import format_time
from pipeline.model.outcome.promote import PromoteResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, prose
from pipeline.reports.text.promote import tag_in_words


def render(result: PromoteResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    verdict = "dry run, nothing was written" if result.is_dry_run else "done" if result.is_changed else "nothing to do"
    what = code(result.source.digest_url)
    if result.source.repository != result.target.repository:
        what += f" → {code(str(result.target.repository))}"
    signed = f"Signed by {', '.join(map(code, result.verified_by))}." if result.verified_by else "**Not verified.**"
    rollback = " **This is a rollback**: it is older than what was there." if result.is_rollback else ""
    digest, is_dry_run = result.target.digest, result.is_dry_run
    sections = (
        Section("Tags", [Item(f"- {prose(tag_in_words(tag, digest, is_dry_run=is_dry_run))}") for tag in result.tags]),
        Section(
            "Healthy",
            [
                Item(f"- {code(item.cluster)}, {code(item.inventory)} since {format_time(int(item.since))}")
                for item in result.health
            ],
        ),
        Section("Notes", [Item(f"- {prose(note)}") for note in result.notes]),
    )
    return compose((title(verdict, context, "Promote"), what, signed + rollback), sections, context)
