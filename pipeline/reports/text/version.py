"""``VersionResult`` as text."""

from __future__ import annotations

from pipeline.model.outcome.version import VersionResult


def render(result: VersionResult, *, color: bool) -> str:
    """The version first, then what it runs on and with."""
    del color
    lines = [f"gitless {result.version}{_verdict(result)}", f"  python: {result.python}, {result.platform}"]
    lines += [f"  {name}: {path or 'not found'}" for name, path in result.programs.items()]
    return "\n".join(lines) + "\n"


def _verdict(result: VersionResult) -> str:
    if not result.newest:
        return ""
    return f"; {result.newest} is the newest release" if result.is_outdated else ", the newest release"
