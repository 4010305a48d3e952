"""A key file, for people."""

from __future__ import annotations

from pipeline.model.outcome.keys import KeyResult


def render(result: KeyResult, *, color: bool) -> str:
    """Type, fingerprint and the public key in PEM."""
    del color
    half = "private" if result.is_private else "public"
    return f"{result.file}: {result.type}, {half} key\n{result.fingerprint}\n{result.public_key}"
