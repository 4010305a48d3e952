"""``TagResult`` as text."""

from __future__ import annotations

from pipeline.model.outcome.tag import MovedTag, TagResult


def render(result: TagResult, *, color: bool) -> str:
    """One line per tag: new, moved from where, or already there."""
    del color
    lines = [f"  {moved.tag}: {_change(moved, result.artifact.digest)}\n" for moved in result.tags]
    return f"{result.artifact.digest_url}\n" + "".join(lines)


def _change(moved: MovedTag, digest: str) -> str:
    if moved.previous is None:
        return "new"
    return "already there" if moved.previous == digest else f"moved from {moved.previous}"
