"""What is told of a run: what this executor is and is not, each task as it ends, and what came out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from examples.rehearsal.tekton.outcomes import FAILED, SKIPPED, PipelineOutcome, TaskOutcome
from examples.rehearsal.tekton.values import value_text
from pipeline.model.documents.printable import printable

NOT_DONE = (
    "the image is not pulled and there is no container: programs come from this machine's PATH",
    "securityContext, computeResources, service accounts and workspaces of single steps are not enforced",
    "a read-only workspace is a copy, and writing to it is found after the step",
    "sidecars, matrix, resolvers, CEL, custom tasks, Pipelines in Pipelines, projected and CSI volumes are refused",
)
_WIDTH = 100
_LINES = 15
_SHOWN = 8


def preamble() -> Iterator[str]:
    """What everybody is told before a run."""
    yield "This is a small local executor of Tekton's documents, made for rehearsals. It is not Tekton:"
    yield from (f"  - {line}" for line in NOT_DONE)


def task_lines(task: TaskOutcome, *, is_verbose: bool = False) -> Iterator[str]:
    """A task that has ended: status, time and results, and where it failed the end of its log."""
    mark = {FAILED: "✗", SKIPPED: "-"}.get(task.status, "✓")
    attempts = f", {task.attempts} attempts" if task.attempts > 1 else ""
    reason = "" if task.reason == task.status else f": {task.reason}"
    yield f"{mark} {task.name:<16} {task.status}{reason} ({task.seconds:.1f} s{attempts})"
    for name, value in list(task.results.items())[: None if is_verbose else _SHOWN]:
        yield f"    {name} = {printable(value_text(value), _WIDTH)}"
    if task.message:
        yield f"    {printable(task.message, 4 * _WIDTH)}"
    if task.status == FAILED or is_verbose:
        for step in task.steps:
            yield from _log(step.name, step.log, None if is_verbose else _LINES)
    if is_verbose:
        yield from (f"    note: {printable(note, 2 * _WIDTH)}" for note in task.notes)


def _log(name: str, log: Path | None, lines: int | None) -> Iterator[str]:
    if log is None:
        return
    found = log.read_text("utf-8", "replace").splitlines()
    shown = found if lines is None else found[-lines:]
    if len(found) > len(shown):
        yield f"    [{name}] … {len(found) - len(shown)} lines before"
    yield from (f"    [{name}] {printable(line, 2 * _WIDTH)}" for line in shown)


def pipeline_lines(outcome: PipelineOutcome) -> Iterator[str]:
    """The end of a PipelineRun."""
    yield f"PipelineRun {outcome.name}: {outcome.status} ({outcome.seconds:.1f} s)"
    yield f"    {printable(outcome.message, 4 * _WIDTH)}"
    for name, value in outcome.results.items():
        yield f"    {name} = {printable(value_text(value), _WIDTH)}"
    notes = dict.fromkeys(note for task in outcome.tasks for note in task.notes)
    yield from (f"    note: {printable(note, 2 * _WIDTH)}" for note in notes)
