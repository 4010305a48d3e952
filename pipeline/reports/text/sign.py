"""What was signed, for people."""

from __future__ import annotations

from pipeline.model.outcome.sign import SignResult


def render(result: SignResult, *, color: bool) -> str:
    """One line for the artifact, one for the signature."""
    del color
    done = "Signed" if result.signed else "Already signed"
    return (
        f"{done} {result.artifact}\n"
        f"  by the key {result.key_fingerprint}\n"
        f"  {result.format} signature in {result.signature_digest}\n"
    )
