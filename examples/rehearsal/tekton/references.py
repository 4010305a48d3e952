"""What a task of a Pipeline takes from the Pipeline and from other tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from examples.rehearsal.tekton.outcomes import COMPLETED, FAILED, NONE, SKIPPED, SUCCEEDED, TaskOutcome
from examples.rehearsal.tekton.pipeline_documents import RESULT, PipelineSpec, PipelineTask
from examples.rehearsal.tekton.results import ResultSpec
from examples.rehearsal.tekton.substitution import Replacements
from examples.rehearsal.tekton.values import Value


def passed_over(task: PipelineTask, passes: Iterable[Replacements]) -> PipelineTask:
    """The task after each pass of substitution, one after the other."""
    for replacements in passes:
        task = replace(
            task,
            params={name: replacements.value(value) for name, value in task.params.items()},
            when=tuple(expression.replaced(replacements) for expression in task.when),
            workspaces={
                name: replace(use, sub_path=replacements.text(use.sub_path)) for name, use in task.workspaces.items()
            },
        )
    return task


def results_for(task: PipelineTask, done: Mapping[str, TaskOutcome]) -> tuple[Replacements, list[tuple[str, str]]]:
    """What the mentions of other tasks' results stand for, and those that are not there, each with its task."""
    found = Replacements()
    mentions = task.result_references()
    for name in {mention[2] for mention in mentions}:
        found |= Replacements.of(done[name].results, (f"tasks.{name}.results.{{}}",))
    return found, [(mention[0], mention[2]) for mention in mentions if not _is_there(mention[0], found)]


def results_of(pipeline: PipelineSpec, done: Iterable[TaskOutcome]) -> dict[str, Value]:
    """The Pipeline's results; one that refers to a task without success, or to what is not there, is left out."""
    found = Replacements()
    for task in done:
        part = "finally" if task.is_final else "tasks"
        if task.status == SUCCEEDED:
            found |= Replacements.of(task.results, (f"{part}.{task.name}.results.{{}}",))
    return {spec.name: found.value(spec.value or "") for spec in pipeline.results if _is_whole(spec, found)}


def _is_whole(spec: ResultSpec, found: Replacements) -> bool:
    value = spec.value or ""
    texts = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else value.values()
    return all(_is_there(mention[0], found) for text in texts for mention in RESULT.finditer(text))


def _is_there(variable: str, found: Replacements) -> bool:
    inner = variable.removeprefix("$(").removesuffix(")")
    whole = inner.removesuffix("[*]")
    # An array without elements counts as not written.
    return inner in found.strings or bool(found.arrays.get(whole)) or whole in found.objects


def statuses(done: Mapping[str, TaskOutcome]) -> Iterator[tuple[str, str]]:
    """What ``$(tasks.NAME.status)``, ``$(tasks.NAME.reason)`` and ``$(tasks.status)`` stand for in ``finally``."""
    for name, task in done.items():
        yield f"tasks.{name}.status", NONE if task.status == SKIPPED else task.status
        yield f"tasks.{name}.reason", "" if task.status == SKIPPED else task.reason
    states = {task.status for task in done.values()}
    yield "tasks.status", FAILED if FAILED in states else COMPLETED if SKIPPED in states else SUCCEEDED
