"""The last lines of ``gitless run``; every stage has said its own above."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import PipelineError
from pipeline.model.outcome.run import RunResult
from pipeline.reports.text.values import Paint, printable


def render(result: RunResult, *, color: bool) -> str:
    """One line: what ran, and how long; then the digest, or what the run failed for."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: RunResult, paint: Paint) -> Iterator[str]:
    target = f" for {result.target}" if result.target else ""
    yield paint("bold", f"{result.name}{target}: {_ran(result)}")
    if result.failure is not None:
        yield from _failure(result.failure, paint)
    if result.digest_url:
        yield result.digest_url


def _ran(result: RunResult) -> str:
    if not result.stages and result.failure is not None:
        return "FAILED before the first stage had ended"
    seconds = sum(run.seconds for run in result.stages)
    stages = ", ".join(run.stage for run in result.stages)
    return f"{'FAILED after ' if result.failure is not None else ''}{stages} in {seconds:.1f} s"


def _failure(failure: PipelineError, paint: Paint) -> Iterator[str]:
    yield paint("red", printable(failure.message))
    for line in (failure.hint or "").splitlines():
        yield paint("dim", f"  {printable(line)}")
