"""What was attested, for people."""

from __future__ import annotations

from pipeline.model.outcome.attest import AttestResult


def render(result: AttestResult, *, color: bool) -> str:
    """One line each for the artifact, what is said about it, who says so, and where it is."""
    del color
    done = "Attested" if result.attested else "Already attested"
    return (
        f"{done} {result.artifact}\n  {result.predicate_type}\n  by {result.signer}\n  in {result.attestation_digest}\n"
    )
