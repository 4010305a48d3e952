"""A TaskRun: the steps of one Task, one after the other, in one pod's folders."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from examples.rehearsal.tekton import params, programs, results, steps, workspaces
from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.expansion import expand, expand_environment
from examples.rehearsal.tekton.hardening import weaknesses
from examples.rehearsal.tekton.outcomes import FAILED, SUCCEEDED, StepOutcome, TaskOutcome
from examples.rehearsal.tekton.params import Bound
from examples.rehearsal.tekton.pods import Pod
from examples.rehearsal.tekton.substitution import Replacements, variables
from examples.rehearsal.tekton.task_documents import Mount, Step, TaskSpec
from examples.rehearsal.tekton.values import Value
from examples.rehearsal.tekton.when import all_hold
from examples.rehearsal.tekton.workspaces import Binding, Placed

DEFAULT_SECONDS = 3600.0
"""Tekton's default for a TaskRun and a PipelineRun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One run of a Task.

    Attributes:
        name: of the run; its folder is called the same.
        path: what is PATH for the steps, in the place of the image.
        seconds: the limit for all of it.
        propagated: params of the Pipeline, which a ``taskSpec`` written in it may use without declaring them.
    """

    name: str
    task: TaskSpec
    given: Mapping[str, Value] = field(default_factory=dict)
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    folder: Path
    path: str
    seconds: float | None = DEFAULT_SECONDS
    namespace: str = "default"
    uid: str = ""
    retry: int | None = 0
    propagated: Mapping[str, Value] = field(default_factory=dict)


def run_task(run: TaskRun, catalogue: Catalogue) -> TaskOutcome:
    """Run it; whatever is wrong with it is its outcome, and never an exception."""
    started = time.monotonic()
    try:
        bound = params.bind(run.task.params, run.given, f"Task {run.task.name}")
        placed = workspaces.place(run.task.workspaces, run.bindings, run.folder / "workspaces", catalogue)
        try:
            outcome = _Running(run, catalogue, started, bound, placed).outcome()
        finally:
            workspaces.discard(placed.values())
    except TektonError as error:
        outcome = TaskOutcome(name=run.name, status=FAILED, reason=error.reason, message=str(error))
    return replace(outcome, seconds=time.monotonic() - started)


class _Running:
    """The state of one TaskRun."""

    def __init__(
        self, run: TaskRun, catalogue: Catalogue, started: float, bound: Bound, placed: Mapping[str, Placed]
    ) -> None:
        self._run = run
        self._catalogue = catalogue
        self._started = started
        self._pod = Pod(run.folder, run.task, placed)
        written = [mount for step in (run.task.template, *run.task.steps) for mount in step.mounts]
        values = {
            name: self._pod.local_value(value, written) for name, value in {**run.propagated, **bound.values}.items()
        }
        self._params = Replacements.of(values, params.SPELLINGS)
        steps_ = tuple(steps.resolved(step, catalogue, self._params) for step in run.task.steps)
        self._task = replace(run.task, steps=steps_)
        self._pod = replace(self._pod, task=self._task)
        self._done: list[StepOutcome] = []
        self._notes = [f"the param {name} was given, is not declared and is passed over" for name in bound.ignored]

    def outcome(self) -> TaskOutcome:
        """Run the steps until one fails."""
        self._pod.prepare()
        failure: TektonError | None = None
        for index, step in enumerate(self._task.steps):
            try:
                self._step(step, steps.named(step, index), index)
            except TektonError as error:
                failure = error
                break
        found = self._results()
        try:
            values = {
                spec.name: results.typed(spec, found[spec.name]) for spec in self._task.results if spec.name in found
            }
        except TektonError as error:
            values, failure = {}, failure or error
        return TaskOutcome(
            name=self._run.name,
            status=FAILED if failure else SUCCEEDED,
            reason=failure.reason if failure else SUCCEEDED,
            message=str(failure or ""),
            results=values,
            steps=tuple(self._done),
            notes=tuple(dict.fromkeys(self._notes)),
        )

    def _step(self, written: Step, name: str, index: int) -> None:
        step = self._ready(written, name)
        if not all_hold(step.when):
            self._done.append(StepOutcome(name=name, reason="Skipped", code=0))
            self._write_exit_code(name, 0)
            return
        log = self._pod.folder / "logs" / f"{name}.log"
        ended = programs.run(
            self._command(step, index), self._environment(step), self._folder(step), log, self._seconds(step)
        )
        self._check_read_only(name)
        size = self._message_size(step, name)
        is_continued = step.on_error == "continue" and not ended.is_timed_out
        reason = "TimeoutExceeded" if ended.is_timed_out else "Completed"
        if ended.code and not ended.is_timed_out:
            reason = "Continued" if is_continued else "Error"
        self._done.append(StepOutcome(name=name, reason=reason, code=ended.code, bytes=size, log=log))
        if ended.is_timed_out:
            self._raise_timeout(step, name)
        if ended.code and not is_continued:
            raise TektonError(f'"step-{name}" exited with code {ended.code}; its log: {log}', reason=FAILED)
        self._write_exit_code(name, ended.code)

    def _raise_timeout(self, step: Step, name: str) -> NoReturn:
        left = self._left()
        if step.seconds is None or (left is not None and left <= 0):
            message = f"TaskRun {self._run.name} failed to finish within its time, in its step {name}"
            raise TektonError(message, reason="TaskRunTimeout")
        raise TektonError(f'"step-{name}" exceeded its timeout of {step.seconds:g} s', reason=FAILED)

    def _ready(self, written: Step, name: str) -> Step:
        step = steps.merged(written, self._task.template)
        step = self._local(step)
        of_results, of_workspaces = self._pod.paths(step, name)
        step = steps.passed_over(step, (self._params, self._contexts(), of_results, of_workspaces))
        if step.on_error not in {"continue", "stopAndFail"}:
            raise TektonError(f"onError of the step {name} is {step.on_error}; expected stopAndFail or continue")
        self._notes += [f"step {name}: {weakness}" for weakness in weaknesses(step)]
        return steps.at_run_time(step, self._earlier())

    def _local(self, step: Step) -> Step:
        def local(text: str) -> str:
            return self._pod.local(text, self._mounts(step))

        return replace(
            step,
            command=tuple(map(local, step.command)),
            args=tuple(map(local, step.args)),
            working_dir=local(step.working_dir),
            env=tuple(replace(variable, value=local(variable.value)) for variable in step.env),
        )

    def _mounts(self, step: Step) -> list[Mount]:
        text = self._params.text
        return [replace(mount, name=text(mount.name), path=text(mount.path)) for mount in step.mounts]

    def _contexts(self) -> Replacements:
        strings = {
            "context.taskRun.name": self._run.name,
            "context.taskRun.namespace": self._run.namespace,
            "context.taskRun.uid": self._run.uid,
            "context.task.name": self._task.name,
        }
        if self._run.retry is not None:
            strings["context.task.retry-count"] = str(self._run.retry)
        return Replacements(strings)

    def _earlier(self) -> Replacements:
        specs = {steps.named(step, index): step.results for index, step in enumerate(self._task.steps)}
        return self._pod.earlier_results(specs)

    def _command(self, step: Step, index: int) -> list[str]:
        if step.script:
            file = self._pod.folder / "scripts" / f"script-{index}"
            return [str(programs.write_script(step.script, file)), *self._expanded(step, step.args)]
        if not step.command:
            raise TektonError(f"the step {steps.named(step, index)} has no command: there is no image to take one from")
        return self._expanded(step, (*step.command, *step.args))

    def _expanded(self, step: Step, items: tuple[str, ...]) -> list[str]:
        declared = self._declared(step)
        return [expand(item, declared) for item in items]

    def _declared(self, step: Step) -> dict[str, str]:
        declared = expand_environment(steps.environment_sources(step, self._catalogue.data))
        earlier = self._earlier()
        return {name: earlier.text(value) for name, value in declared.items()}

    def _environment(self, step: Step) -> dict[str, str]:
        """Only what the Task says, and what an image would bring: PATH, HOME and a place for temporary files."""
        found = {"PATH": self._run.path, "HOME": str(self._pod.home)}
        for mount in self._mounts(step):
            if mount.path.rstrip("/") == "/tmp":
                found["TMPDIR"] = self._pod.local(mount.path.rstrip("/"), [mount])
        return {**found, **self._declared(step)}

    def _folder(self, step: Step) -> Path:
        # One that is not absolute is below /workspace, as Tekton says.
        folder = Path(self._pod.folder / "workspaces", step.working_dir) if step.working_dir else self._pod.home
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _left(self) -> float | None:
        return None if self._run.seconds is None else self._run.seconds - (time.monotonic() - self._started)

    def _seconds(self, step: Step) -> float | None:
        limits = [limit for limit in (step.seconds, self._left()) if limit is not None]
        return max(0.0, min(limits)) if limits else None

    def _check_read_only(self, name: str) -> None:
        for workspace, placed in self._pod.workspaces.items():
            changed = placed.changed()
            if changed:
                raise TektonError(
                    f"the step {name} wrote to the workspace {workspace}, which is read-only: {', '.join(changed[:5])}",
                    reason=FAILED,
                )

    def _message_size(self, step: Step, name: str) -> int:
        shared = [spec for spec in self._task.results if spec.value is None]
        of_task = results.read(self._pod.results, shared)
        of_step = results.read(self._pod.step_results(name), step.results)
        return results.check_size(of_task, of_step, len(self._task.steps) + 1)

    def _write_exit_code(self, name: str, code: int) -> None:
        self._pod.step_folder(name).joinpath("exitCode").write_text(str(code))

    def _results(self) -> dict[str, str]:
        found = results.read(self._pod.results, [spec for spec in self._task.results if spec.value is None])
        return {**found, **dict(self._fetched())}

    def _fetched(self) -> Iterator[tuple[str, str]]:
        """Results of the Task that are taken from its steps."""
        for spec in self._task.results:
            for variable in variables(spec.value if isinstance(spec.value, str) else "", "steps"):
                result = variable.key.removeprefix("results.").partition("[")[0]
                file = self._pod.step_results(variable.name) / result
                if file.is_file():
                    yield spec.name, file.read_text("utf-8", "replace")
