"""A verified signature in words; shared by every report that names one."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.trust.evidence import TimeSource, VerifiedSignature

_WIDTH = 400
_SOURCES = {
    TimeSource.SIGNER: "as the signer says",
    TimeSource.LOG: "as the log says",
    TimeSource.AUTHORITY: "as a timestamp authority says",
}


def in_words(signature: VerifiedSignature) -> str:
    """Who signed, when and who says so, and where it is logged; safe to print."""
    return printable(", ".join(filter(None, (signature.signer, witnesses(signature)))), _WIDTH)


def witnesses(signature: VerifiedSignature) -> str:
    """When it was signed and who says so, and where it is logged; empty where nobody says. Safe to print."""
    words = []
    if signature.signed_at is not None:
        source = f" ({_SOURCES[signature.time_source]})" if signature.time_source else ""
        words.append(f"signed {format_time(signature.signed_at)}{source}")
    if signature.log:
        words.append(f"logged in {signature.log}")
    return printable(", ".join(words), _WIDTH)
