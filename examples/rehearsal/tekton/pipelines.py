"""A PipelineRun: tasks as soon as what they depend on is done, independent ones at the same time, then ``finally``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from examples.rehearsal.tekton import params, programs
from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import INVALID_RESULT_REFERENCE, PIPELINE_VALIDATION_FAILED, TektonError
from examples.rehearsal.tekton.outcomes import COMPLETED, FAILED, SKIPPED, SUCCEEDED, PipelineOutcome, TaskOutcome
from examples.rehearsal.tekton.pipeline_documents import PipelineSpec, PipelineTask
from examples.rehearsal.tekton.references import passed_over, results_for, results_of, statuses
from examples.rehearsal.tekton.substitution import Replacements
from examples.rehearsal.tekton.task_documents import TaskSpec
from examples.rehearsal.tekton.tasks import DEFAULT_SECONDS, TaskRun, run_task
from examples.rehearsal.tekton.values import Value
from examples.rehearsal.tekton.when import all_hold
from examples.rehearsal.tekton.workspaces import Binding

BY_WHEN = "When Expressions evaluated to false"
BY_PARENT = "Parent Tasks were skipped"
BY_RESULT = "Results were missing"
BY_STOPPING = "PipelineRun was stopping"
BY_TIME = "PipelineRun timeout has been reached"

Say = Callable[[TaskOutcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun:
    """One run of a Pipeline.

    Attributes:
        path: what is PATH for the steps, in the place of the image.
        seconds: the limits of ``timeouts``: for everything, for the tasks, for ``finally``; None is no limit.
    """

    name: str
    pipeline: PipelineSpec
    given: Mapping[str, Value] = field(default_factory=dict)
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    folder: Path
    path: str
    seconds: float | None = DEFAULT_SECONDS
    task_seconds: float | None = None
    final_seconds: float | None = None
    namespace: str = "default"
    uid: str = ""


def run_pipeline(run: PipelineRun, catalogue: Catalogue, say: Say = lambda outcome: None) -> PipelineOutcome:
    """Run it; whatever is wrong with it is its outcome. ``say`` hears of each task when it is done."""
    started = time.monotonic()
    try:
        outcome = _Running(run, catalogue, say).outcome()
    except TektonError as error:
        outcome = PipelineOutcome(name=run.name, status=FAILED, message=f"{error.reason}: {error}")
    return replace(outcome, seconds=time.monotonic() - started)


class _Running:
    """The state of one PipelineRun."""

    def __init__(self, run: PipelineRun, catalogue: Catalogue, say: Say) -> None:
        self._run = run
        self._pipeline = run.pipeline
        self._say = say
        self._catalogue = catalogue
        self._values = params.bind(self._pipeline.params, run.given, f"Pipeline {self._pipeline.name}").values
        self._specs = {task.name: self._spec(task) for task in (*self._pipeline.tasks, *self._pipeline.final)}
        self._done: dict[str, TaskOutcome] = {}
        self._broken = ""
        self._check_workspaces()
        self._check_results()
        self._deadline = _after(run.seconds)
        tasks = run.task_seconds
        if tasks is None and run.seconds is not None and run.final_seconds is not None:
            tasks = run.seconds - run.final_seconds
        self._task_deadline = _sooner(self._deadline, _after(tasks))

    def _spec(self, task: PipelineTask) -> TaskSpec:
        return task.task or self._catalogue.task(task.ref)

    def _check_workspaces(self) -> None:
        missing = [
            spec.name
            for spec in self._pipeline.workspaces
            if not spec.is_optional and spec.name not in self._run.bindings
        ]
        if missing:
            raise TektonError(
                f"the Pipeline {self._pipeline.name} needs these workspaces: {', '.join(missing)}",
                reason=PIPELINE_VALIDATION_FAILED,
            )

    def _check_results(self) -> None:
        for task in (*self._pipeline.tasks, *self._pipeline.final):
            for match in task.result_references():
                declared = {spec.name for spec in self._specs[match[2]].results}
                if match[3] not in declared:
                    raise TektonError(
                        f"the task {task.name}: {match[0]}: {match[2]} declares no such result",
                        reason=INVALID_RESULT_REFERENCE,
                    )

    def outcome(self) -> PipelineOutcome:
        """Run everything."""
        self._run_all(self._pipeline.tasks, self._start)
        ordinary = dict(self._done)
        deadline = _sooner(self._deadline, _after(self._run.final_seconds))
        status = Replacements(dict(statuses(ordinary)))
        self._run_all(self._pipeline.final, lambda task: self._start_final(task, status, deadline))
        ignored = {task.name for task in self._pipeline.tasks if task.on_error == "continue"}
        failed = [task for task in self._done.values() if task.status == FAILED]
        skipped = [task for task in self._done.values() if task.status == SKIPPED]
        counted = [task for task in failed if task.name not in ignored]
        state = FAILED if counted or self._broken else COMPLETED if skipped else SUCCEEDED
        message = (
            f"Tasks Completed: {len(self._done) - len(skipped)} (Failed: {len(failed)}"
            f"{f' (Ignored: {len(failed) - len(counted)})' if len(failed) > len(counted) else ''}, Cancelled 0), "
            f"Skipped: {len(skipped)}"
        )
        return PipelineOutcome(
            name=self._run.name,
            status=state,
            message=self._broken or message,
            tasks=tuple(self._done.values()),
            results=results_of(self._pipeline, self._done.values()),
        )

    def _run_all(
        self, tasks: Iterable[PipelineTask], start: Callable[[PipelineTask], Callable[[], TaskOutcome]]
    ) -> None:
        left = list(tasks)
        running: dict[Future[TaskOutcome], PipelineTask] = {}
        with ThreadPoolExecutor(max(1, len(left))) as pool:
            try:
                while left or running:
                    for task in [task for task in left if self._is_ready(task)]:
                        left.remove(task)
                        running[pool.submit(start(task))] = task
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        self._finish(running.pop(future), future.result())
            except BaseException:
                programs.end_everything()
                raise

    def _is_ready(self, task: PipelineTask) -> bool:
        return task.parents() <= self._done.keys()

    def _finish(self, task: PipelineTask, outcome: TaskOutcome) -> None:
        is_final = task in self._pipeline.final
        done = replace(outcome, name=task.name, is_final=is_final)
        if done.status == FAILED and task.on_error == "continue":
            done = replace(done, reason="FailureIgnored")
        self._done[task.name] = done
        self._say(done)

    def _is_stopping(self) -> bool:
        ignored = {task.name for task in self._pipeline.tasks if task.on_error == "continue"}
        failed = any(task.status == FAILED and task.name not in ignored for task in self._done.values())
        return failed or bool(self._broken)

    def _start(self, task: PipelineTask) -> Callable[[], TaskOutcome]:
        """Decide what becomes of a task whose parents are done."""
        if self._is_stopping():
            return _skip(task, BY_STOPPING)
        parents = [self._done[parent] for parent in task.parents()]
        if any(parent.status == SKIPPED and parent.reason != BY_WHEN for parent in parents):
            return _skip(task, BY_PARENT)
        replacements, missing = results_for(task, self._done)
        if missing:
            variable, parent_name = missing[0]
            is_skipped = any(self._done[name].status == SKIPPED for _, name in missing)
            if not is_skipped and task.on_error != "continue":
                self._broken = (
                    f"{INVALID_RESULT_REFERENCE}: the task {task.name} needs {variable}, which {parent_name}"
                    " has not written"
                )
            return _skip(task, BY_RESULT, f"{variable} is not there")
        return self._begin(task, (*self._own_passes(task), replacements), self._task_deadline)

    def _start_final(
        self, task: PipelineTask, status: Replacements, deadline: float | None
    ) -> Callable[[], TaskOutcome]:
        replacements, missing = results_for(task, self._done)
        if missing:
            return _skip(task, BY_RESULT, f"{missing[0][0]} is not there")
        return self._begin(task, (*self._own_passes(task), status, replacements), deadline)

    def _begin(
        self, task: PipelineTask, passes: Iterable[Replacements], deadline: float | None
    ) -> Callable[[], TaskOutcome]:
        ready = passed_over(task, passes)
        if not all_hold(ready.when):
            return _skip(task, BY_WHEN)
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            return _skip(task, BY_TIME)
        try:
            bindings = dict(self._bindings(ready))
        except TektonError as error:
            failure = TaskOutcome(name=task.name, status=FAILED, reason=error.reason, message=str(error))
            return lambda: failure
        is_inline = task.task is not None
        run = TaskRun(
            name=f"{self._run.name}-{task.name}",
            task=self._specs[task.name],
            given=ready.params,
            bindings=bindings,
            folder=self._run.folder / task.name,
            path=self._run.path,
            seconds=_sooner(task.seconds or DEFAULT_SECONDS, left),
            namespace=self._run.namespace,
            uid=f"{self._run.uid}-{task.name}" if self._run.uid else "",
            retry=0 if is_inline else None,
            propagated=self._values if is_inline else {},
        )
        return lambda: _attempts(run, task.retries, self._catalogue)

    def _own_passes(self, task: PipelineTask) -> tuple[Replacements, ...]:
        contexts = {
            "context.pipelineRun.name": self._run.name,
            "context.pipelineRun.namespace": self._run.namespace,
            "context.pipelineRun.uid": self._run.uid,
            "context.pipeline.name": self._pipeline.name,
            "context.pipelineTask.retries": str(task.retries),
        }
        bound = {
            f"workspaces.{spec.name}.bound": "true" if spec.name in self._run.bindings else "false"
            for spec in self._pipeline.workspaces
        }
        return Replacements.of(self._values, params.SPELLINGS), Replacements(contexts), Replacements(bound)

    def _bindings(self, task: PipelineTask) -> Iterable[tuple[str, Binding]]:
        for name, use in task.workspaces.items():
            binding = self._run.bindings.get(use.workspace)
            if binding is None:
                continue  # It is optional, and not there for the task either.
            parts = [part.strip("/") for part in (binding.sub_path, use.sub_path) if part.strip("/")]
            yield name, replace(binding, sub_path="/".join(parts))


def _attempts(run: TaskRun, retries: int, catalogue: Catalogue) -> TaskOutcome:
    outcome = run_task(run, catalogue)
    attempt = 0
    while outcome.status == FAILED and attempt < retries:
        attempt += 1
        folder = run.folder.with_name(f"{run.folder.name}-retry{attempt}")
        retry = None if run.retry is None else attempt
        outcome = run_task(replace(run, folder=folder, retry=retry), catalogue)
    return replace(outcome, attempts=attempt + 1)


def _skip(task: PipelineTask, reason: str, message: str = "") -> Callable[[], TaskOutcome]:
    outcome = TaskOutcome(name=task.name, status=SKIPPED, reason=reason, message=message)
    return lambda: outcome


def _after(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def _sooner(one: float | None, other: float | None) -> float | None:
    return one if other is None else other if one is None else min(one, other)
