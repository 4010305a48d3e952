"""What was signed, for people."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.outcome.attest import AttestResult
from pipeline.model.outcome.sign import SignResult


def render(result: SignResult, *, color: bool) -> str:
    """One line for the artifact, one for who signed it, one for the signature."""
    del color
    done = "Signed" if result.signed else "Already signed"
    return (
        f"{done} {result.artifact}\n"
        f"  by {signer(result)}\n"
        f"{witnessed(result)}"
        f"  {result.format} signature in {result.signature_digest}\n"
    )


def signer(result: SignResult | AttestResult) -> str:
    """Who signed."""
    if result.identity:
        return f"{printable(result.identity, 200)}, known to {printable(result.issuer, 200)}"
    return f"the key {result.key_fingerprint}"


def witnessed(result: SignResult | AttestResult) -> str:
    """A line of who vouches for the time; empty where nobody does."""
    time = "" if result.signed_at is None else f" at {format_time(result.signed_at)}"
    if result.log:
        return f"  logged{time} in {printable(result.log, 100)}\n"
    # Whoever signs with a key says the time itself.
    return f"  {'stamped' if result.identity else 'signed'}{time}\n" if time else ""
