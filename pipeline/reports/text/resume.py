"""``ResumeResult`` as lines."""

from __future__ import annotations

from pipeline.model.outcome.suspend import ResumeResult
from pipeline.reports.text.reconcile import reconciled_lines
from pipeline.reports.text.suspend import switched_lines


def render(result: ResumeResult, *, color: bool) -> str:
    """One line per object, and one for each that was waited for."""
    return "".join([*switched_lines(result.objects, "resumed"), *reconciled_lines(result.reconciled, color=color)])
