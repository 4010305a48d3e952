"""Everything that was attested, for people."""

from __future__ import annotations

from pipeline.model.outcome.attestations import AttestationsResult


def render(result: AttestationsResult, *, color: bool) -> str:
    """One line for the artifact, one for each statement."""
    del color
    lines = [
        f"  {made.predicate_type}{'' if made.attested else ' (already there)'} in {made.attestation_digest}\n"
        for made in result.attestations
    ]
    return f"Attested {result.artifact}\n" + "".join(lines)
