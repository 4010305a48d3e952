"""A verified artifact, for a run's page."""

from __future__ import annotations

from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.reporting import ReportContext
from pipeline.model.trust.predicate_types import short_name
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, prose
from pipeline.reports.text.signatures import in_words


def render(result: VerifyArtifactResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    origin = " at ".join(code(text) for text in (result.source, result.revision) if text)
    what = code(str(result.artifact)) + (f", from {origin}" if origin else "")
    judgement = result.judgement
    signatures = [Item(f"- {prose(in_words(item))}") for item in judgement.accepted]
    attestations = [
        Item(f"- {code(short_name(item.predicate_type))} by {prose(in_words(item.signature))}")
        for item in judgement.attestations
    ]
    rejected = [Item(f"- {item.format} in {code(item.found_in)}: {prose(item.reason)}") for item in judgement.rejected]
    sections = (
        Section("Signed by", signatures),
        Section("Attested", attestations),
        Section("Not accepted", rejected),
    )
    return compose((title("verified", context, "Artifact"), what), sections, context)
