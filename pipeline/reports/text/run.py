"""The last line of ``gitless run``; every stage has said its own above."""

from __future__ import annotations

from pipeline.model.outcome.run import RunResult


def render(result: RunResult, *, color: bool) -> str:
    """One line: what ran, how long, and the digest."""
    seconds = sum(run.seconds for run in result.stages)
    stages = ", ".join(run.stage for run in result.stages)
    target = f" for {result.target}" if result.target else ""
    text = f"{result.name}{target}: {stages} in {seconds:.1f} s"
    text = f"\x1b[1m{text}\x1b[0m" if color else text
    return f"{text}\n{result.digest_url}\n" if result.digest_url else f"{text}\n"
