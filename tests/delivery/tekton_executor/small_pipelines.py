"""Pipelines of a few small tasks, for tests to put together."""

from __future__ import annotations

from examples.rehearsal.tekton.outcomes import PipelineOutcome
from tests.delivery.tekton_executor.bench import Bench

OK = "steps: [{image: any, command: ['true']}]"
BAD = "steps: [{image: any, command: ['false']}]"
GIVE = "results: [{name: r}], steps: [{image: any, script: 'printf given > $(results.r.path)'}]"
FORGET = "results: [{name: r}], steps: [{image: any, command: ['true']}]"
TAKE = "params: [{name: p}], steps: [{image: any, command: [printf, '%s'], args: [$(params.p)]}]"
NEVER = "when: [{input: a, operator: in, values: [b]}]"
OF_A = "params: [{name: p, value: $(tasks.a.results.r)}]"


def run(bench: Bench, *tasks: str, final: str = "", results: str = "") -> PipelineOutcome:
    spec = f"pipelineSpec: {{tasks: [{', '.join(tasks)}], finally: [{final}], results: [{results}]}}"
    return bench.pipeline(spec)


def states(done: PipelineOutcome) -> dict[str, str]:
    return {task.name: task.reason if task.status == "Skipped" else task.status for task in done.tasks}
