"""Pipeline as it is written: its tasks, what they take from each other, and the order that follows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from examples.rehearsal.tekton import params, results
from examples.rehearsal.tekton.errors import PIPELINE_VALIDATION_FAILED, TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.params import ParamSpec
from examples.rehearsal.tekton.results import ResultSpec
from examples.rehearsal.tekton.substitution import variables
from examples.rehearsal.tekton.task_documents import TaskSpec, WorkspaceSpec, read_task
from examples.rehearsal.tekton.values import Value
from examples.rehearsal.tekton.when import When, read_when

RESULT = re.compile(r"\$\((tasks|finally)\.([^.()]+)\.results\.([^()\[\].]+)(?:\[(\d+|\*)\]|\.([^()\[\]]+))?\)")
"""Part, task, result, index or ``*``, key of an object."""
_STATUS = re.compile(r"\$\(tasks\.(?:([^.()]+)\.)?(status|reason)\)")


@dataclass(frozen=True, slots=True)
class WorkspaceUse:
    """A workspace of a task: the Pipeline's that it is bound to, and the folder within it."""

    workspace: str
    sub_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineTask:
    """One task of a Pipeline. ``task`` is what is written in place, and None where ``ref`` names a Task."""

    name: str
    ref: str = ""
    task: TaskSpec | None = None
    params: Mapping[str, Value]
    workspaces: Mapping[str, WorkspaceUse]
    when: tuple[When, ...] = ()
    run_after: tuple[str, ...] = ()
    retries: int = 0
    on_error: str = "stopAndFail"
    seconds: float | None = None

    def texts(self) -> Iterator[str]:
        """Everything in which variables are replaced."""
        for value in self.params.values():
            yield from (value,) if isinstance(value, str) else value if isinstance(value, tuple) else value.values()
        for expression in self.when:
            yield from (expression.input, *expression.values)
        yield from (use.sub_path for use in self.workspaces.values())

    def result_references(self) -> list[re.Match[str]]:
        """Each mention of another task's result."""
        return [match for text in self.texts() for match in RESULT.finditer(text)]

    def parents(self) -> set[str]:
        """The tasks that must be done before: by ``runAfter``, or because of their results."""
        return {*self.run_after, *(match[2] for match in self.result_references())}


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSpec:
    """What a Pipeline is made of."""

    name: str
    params: tuple[ParamSpec, ...] = ()
    workspaces: tuple[WorkspaceSpec, ...] = ()
    results: tuple[ResultSpec, ...] = ()
    tasks: tuple[PipelineTask, ...] = ()
    final: tuple[PipelineTask, ...] = ()


def read_pipeline(fields: Fields, name: str) -> PipelineSpec:
    """The ``spec`` of a Pipeline.

    Raises:
        TektonError: a rule of Tekton's validation is broken, or the executor does not do something of it.
    """
    pipeline = PipelineSpec(
        name=name,
        params=params.read_specs(fields),
        workspaces=fields.each("workspaces", _read_workspace),
        results=results.read_specs(fields),
        tasks=fields.each("tasks", _read_task),
        final=fields.each("finally", _read_task),
    )
    fields.done(told={"description", "displayName"})
    try:
        _check(pipeline)
    except TektonError as error:
        raise TektonError(f"{fields.place}: {error}", reason=PIPELINE_VALIDATION_FAILED) from error
    return pipeline


def _read_workspace(fields: Fields) -> WorkspaceSpec:
    found = WorkspaceSpec(fields.required("name"), "", is_optional=fields.flag("optional"))
    fields.done(told={"description"})
    return found


def _read_task(fields: Fields) -> PipelineTask:
    name = fields.required("name")
    inline = fields.inner("taskSpec") if "taskSpec" in fields else None
    reference = _read_ref(fields) if "taskRef" in fields else ""
    if bool(reference) == bool(inline):
        raise TektonError(f"{fields.place} needs either taskRef or taskSpec")
    task = PipelineTask(
        name=name,
        ref=reference,
        task=read_task(inline, name, is_inline=True) if inline else None,
        params=params.read_given(fields),
        workspaces=dict(fields.each("workspaces", _read_use)),
        when=read_when(fields),
        run_after=fields.texts("runAfter"),
        retries=fields.number("retries"),
        on_error=fields.text("onError", "stopAndFail"),
        seconds=fields.seconds("timeout"),
    )
    fields.done(told={"displayName", "description"}, unsupported={"matrix", "pipelineRef", "pipelineSpec"})
    if task.on_error not in {"stopAndFail", "continue"}:
        raise TektonError(f"{fields.place}.onError is {task.on_error}; expected stopAndFail or continue")
    if task.on_error == "continue" and task.retries:
        raise TektonError(f"{fields.place}: onError: continue and retries do not go together")
    return task


def _read_ref(fields: Fields) -> str:
    inner = fields.inner("taskRef")
    name, kind = inner.text("name"), inner.text("kind", "Task")
    inner.done(unsupported={"resolver", "params", "apiVersion", "bundle"})
    if kind != "Task":
        raise TektonError(f"{inner.place}.kind is {kind}; this executor does Tasks")
    return name


def _read_use(fields: Fields) -> tuple[str, WorkspaceUse]:
    name = fields.required("name")
    found = WorkspaceUse(fields.text("workspace", name), fields.text("subPath"))
    fields.done()
    return name, found


def _check(pipeline: PipelineSpec) -> None:
    if not pipeline.tasks:
        raise TektonError("there are no tasks")
    every = (*pipeline.tasks, *pipeline.final)
    names = [task.name for task in every]
    if len(set(names)) != len(names):
        raise TektonError("two tasks have one name")
    specs = {spec.name: spec for spec in pipeline.params}
    declared = {workspace.name for workspace in pipeline.workspaces}
    for task in every:
        _check_params(task, specs)
        for use in task.workspaces.values():
            if use.workspace not in declared:
                raise TektonError(f"the task {task.name} uses a workspace that is not declared: {use.workspace}")
    _check_references(pipeline)
    order(pipeline)


def _check_params(task: PipelineTask, specs: Mapping[str, ParamSpec]) -> None:
    for value in task.params.values():
        if isinstance(value, str) and len(list(variables(value, "params"))) == 1 and _is_whole(value, specs):
            continue
        for text in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else value.values():
            params.check_use(text, specs, f"the task {task.name}", is_list_item=isinstance(value, tuple))
    for expression in task.when:
        params.check_use(expression.input, specs, f"when of the task {task.name}")
        for text in expression.values:
            params.check_use(text, specs, f"when of the task {task.name}", is_list_item=True)


def _is_whole(value: str, specs: Mapping[str, ParamSpec]) -> bool:
    variable = next(variables(value, "params"))
    return variable.is_alone and variable.name in specs and not variable.key and variable.index in {"", "*"}


def _check_references(pipeline: PipelineSpec) -> None:
    ordinary = {task.name for task in pipeline.tasks}
    for task in (*pipeline.tasks, *pipeline.final):
        is_final = task.name not in ordinary
        if is_final and task.run_after:
            raise TektonError(f"the final task {task.name} has runAfter: finally runs all at once")
        for parent in task.parents():
            if parent not in ordinary:
                raise TektonError(f"the task {task.name} comes after {parent}, which is none of the tasks")
        for text in task.texts():
            for match in _STATUS.finditer(text):
                if not is_final:
                    raise TektonError(f"the task {task.name}: {match[0]} can only be used in finally")
                if match[1] and match[1] not in ordinary:
                    raise TektonError(f"the task {task.name}: {match[0]}: there is no such task")


def order(pipeline: PipelineSpec) -> list[str]:
    """The names of the tasks, each after those that it depends on.

    Raises:
        TektonError: they depend on each other in a circle.
    """
    left = {task.name: task.parents() for task in pipeline.tasks}
    found: list[str] = []
    while left:
        ready = [name for name, parents in left.items() if not parents & left.keys()]
        if not ready:
            raise TektonError(f"these tasks depend on each other in a circle: {', '.join(left)}")
        found += ready
        left = {name: parents for name, parents in left.items() if name not in ready}
    return found
