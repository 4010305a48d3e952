"""``LoginResult`` as text."""

from __future__ import annotations

from pipeline.model.outcome.login import LoginResult


def render(result: LoginResult, *, color: bool) -> str:
    """Who is logged in where, then where that is kept and until when."""
    del color
    who = f" as {result.username}" if result.username else ""
    by = "" if result.provider == "generic" else f", by {result.provider}'s identity"
    lines = [f"logged in to {result.registry}{who}{by}"]
    lines.append(f"  kept by {_keeper(result)}")
    if result.expires_at is not None:
        lines.append(f"  until {result.expires_at}")
    return "\n".join(lines) + "\n"


def _keeper(result: LoginResult) -> str:
    if result.helper is not None:
        return f"docker-credential-{result.helper}, as {result.file} says"
    return f"{result.file}, not encrypted"
