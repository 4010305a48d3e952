"""What was attested, for people."""

from __future__ import annotations

from pipeline.model.outcome.attest import AttestResult
from pipeline.reports.text.sign import signer, witnessed


def render(result: AttestResult, *, color: bool) -> str:
    """One line each for the artifact, what is said about it, who says so, who witnessed that, and where it is."""
    del color
    done = "Attested" if result.attested else "Already attested"
    return (
        f"{done} {result.artifact}\n"
        f"  {result.predicate_type}\n"
        f"  by {signer(result)}\n"
        f"{witnessed(result)}"
        f"  in {result.attestation_digest}\n"
    )
