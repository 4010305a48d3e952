"""Checks for people: the single ones have been told on stderr."""

from __future__ import annotations

from pipeline.model.outcome.check import CheckResult
from pipeline.reports.text.values import printable


def render(result: CheckResult, *, color: bool) -> str:
    """How many passed; ends with a newline."""
    del color
    where = printable(f"{result.namespace} in {result.cluster}")
    if result.failed:
        return f"{result.failed} of {len(result.checks)} checks failed for {where}.\n"
    return f"All {len(result.checks)} checks passed for {where}.\n"
