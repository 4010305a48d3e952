"""A verified artifact, as tests: each signature and attestation by somebody who is trusted."""

from __future__ import annotations

from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.reporting import ReportContext
from pipeline.model.trust.predicate_types import short_name
from pipeline.reports.junit.document import Case, Ending, Suite, junit


def render(result: VerifyArtifactResult, context: ReportContext) -> str:
    """What lies there by others is skipped: it neither helps nor harms."""
    judgement = result.judgement
    cases = [Case(name=f"signature by {item.signer}", output=(str(result.artifact),)) for item in judgement.accepted]
    cases += [
        Case(name=f"attestation {short_name(item.predicate_type)} by {item.signature.signer}")
        for item in judgement.attestations
    ]
    cases += [
        Case(name=f"not accepted, in {item.found_in}", ending=Ending.SKIPPED, message=item.reason)
        for item in judgement.rejected
    ]
    return junit("gitless verify", [Suite("gitless verify signature", tuple(cases))], context.folder)
