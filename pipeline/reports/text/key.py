"""A key, for people."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.outcome.keys import KeyResult


def render(result: KeyResult, *, color: bool) -> str:
    """Type, fingerprint, whose certificate it is, and the public key in PEM."""
    del color
    half = "private" if result.is_private else "public"
    lines = [f"{result.file}: {result.type}, {half} key", result.fingerprint, f"hint in bundles: {result.hint}"]
    if result.certificate is not None:
        found = result.certificate
        lines += [
            f"certificate of {printable(', '.join(found.identities) or found.subject, 240)}",
            f"issued by {printable(found.issuer, 240)}, valid from {found.not_before} to {found.not_after}",
        ]
    return "\n".join(lines) + f"\n{result.public_key}"
