"""``WaitResult`` as lines."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.flux.waiting import State
from pipeline.model.outcome.wait import WaitResult
from pipeline.reports.text.values import Paint

_WIDTH = 400
_MARKS = {State.DELIVERED: ("green", "✓"), State.WAITING: ("yellow", "…")}
_FAILED = ("red", "✗")


def render(result: WaitResult, *, color: bool) -> str:
    """How it ended, then a line per Kustomization."""
    paint = Paint(color)
    lines = [f"{result.artifact}: {result.outcome} after {result.seconds:.1f}s on {result.cluster}"]
    for line in result.verdict.lines:
        style, mark = _MARKS.get(line.state, _FAILED)
        lines.append(f"  {paint(style, mark)} Kustomization {line.kustomization}: {printable(line.message, _WIDTH)}")
    return "\n".join(lines) + "\n"
