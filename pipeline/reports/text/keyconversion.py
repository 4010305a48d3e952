"""A converted key, for people and pipes."""

from __future__ import annotations

from pipeline.model.outcome.keys import KeyConversionResult


def render(result: KeyConversionResult, *, color: bool) -> str:
    """The key itself where it went into no file."""
    del color
    if not result.output:
        return result.content
    half = "private: keep it secret" if result.is_private else "public"
    return f"{result.output}  {result.form}, {half}\n{result.type}, {result.fingerprint}\n"
