"""Failures, ``finally``, retries and limits: https://tekton.dev/docs/pipelines/pipelines/#adding-finally-to-the-pipeline."""

from __future__ import annotations

import pytest

from examples.rehearsal.tekton.pipelines import BY_RESULT, BY_STOPPING
from tests.delivery.tekton_executor.bench import Bench, log
from tests.delivery.tekton_executor.small_pipelines import BAD, FORGET, NEVER, OF_A, OK, TAKE, run, states


def test_a_failure_stops_what_has_not_begun_and_finally_still_runs(bench: Bench) -> None:
    done = run(
        bench,
        f"{{name: a, taskSpec: {{{BAD}}}}}",
        f"{{name: b, runAfter: [a], taskSpec: {{{OK}}}}}",
        final="{name: f, params: [{name: p, value: '$(tasks.a.status) $(tasks.b.status) $(tasks.status)"
        f" $(tasks.a.reason)'}}], taskSpec: {{{TAKE}}}}}",
    )

    assert states(done) == {"a": "Failed", "b": BY_STOPPING, "f": "Succeeded"}
    assert done.status == "Failed"
    assert log(done.task("f")) == "Failed None Failed Failed"


@pytest.mark.parametrize(
    ("task", "status"),
    [(OK, "Succeeded Succeeded"), (BAD, "Failed Failed")],
)
def test_finally_knows_how_the_tasks_ended(bench: Bench, task: str, status: str) -> None:
    done = run(
        bench,
        f"{{name: a, taskSpec: {{{task}}}}}",
        final=f"{{name: f, params: [{{name: p, value: '$(tasks.a.status) $(tasks.status)'}}], taskSpec: {{{TAKE}}}}},"
        "{name: g, when: [{input: $(tasks.status), operator: in, values: [Failed]}], "
        f"taskSpec: {{{OK}}}}}",
    )

    assert log(done.task("f")) == status
    assert (done.task("g").status == "Skipped") == (task == OK)


def test_aggregate_status_is_completed_where_something_was_skipped(bench: Bench) -> None:
    done = run(
        bench,
        f"{{name: a, {NEVER}, taskSpec: {{{OK}}}}}",
        f"{{name: b, taskSpec: {{{OK}}}}}",
        final=f"{{name: f, params: [{{name: p, value: '$(tasks.a.status) $(tasks.status)'}}], taskSpec: {{{TAKE}}}}}",
    )

    assert log(done.task("f")) == "None Completed"


def test_a_final_task_whose_result_is_missing_is_skipped_and_the_run_completes(bench: Bench) -> None:
    done = run(
        bench,
        f"{{name: a, taskSpec: {{{FORGET}}}}}",
        final=f"{{name: f, {OF_A}, taskSpec: {{{TAKE}}}}}, {{name: g, taskSpec: {{{OK}}}}}",
    )

    assert states(done) == {"a": "Succeeded", "f": BY_RESULT, "g": "Succeeded"}
    assert done.status == "Completed"


def test_a_final_task_that_fails_fails_the_run(bench: Bench) -> None:
    done = run(
        bench,
        f"{{name: a, taskSpec: {{{OK}}}}}",
        final=f"{{name: f, taskSpec: {{{BAD}}}}}",
    )

    assert done.status == "Failed"


def test_a_result_that_was_not_written_breaks_the_pipeline_where_it_is_needed(bench: Bench) -> None:
    done = run(
        bench,
        f"{{name: a, taskSpec: {{{FORGET}}}}}",
        f"{{name: b, {OF_A}, taskSpec: {{{TAKE}}}}}",
    )

    assert done.status == "Failed"
    assert "InvalidTaskResultReference: the task b needs $(tasks.a.results.r), which a has not written" in done.message


@pytest.mark.parametrize(
    ("script", "reason"), [("printf x > $(results.r.path); exit 1", "Succeeded"), ("exit 1", BY_RESULT)]
)
def test_a_failure_that_is_ignored_lets_the_rest_go_on(bench: Bench, script: str, reason: str) -> None:
    done = bench.pipeline(f"""
        pipelineSpec:
          tasks:
            - name: a
              onError: continue
              taskSpec: {{results: [{{name: r}}], steps: [{{image: any, script: "{script}"}}]}}
            - {{name: b, onError: continue, {OF_A}, taskSpec: {{{TAKE}}}}}
    """)

    assert done.task("a").reason == "FailureIgnored"
    assert states(done)["b"] == reason
    assert done.status == ("Succeeded" if reason == "Succeeded" else "Completed")
    assert "(Failed: 1 (Ignored: 1), Cancelled 0)" in done.message


def test_a_task_is_tried_again_as_often_as_it_says(bench: Bench) -> None:
    done = bench.pipeline("""
        pipelineSpec:
          tasks:
            - name: a
              retries: 3
              params: [{name: of, value: $(context.pipelineTask.retries)}]
              taskSpec:
                params: [{name: of}]
                steps:
                  - image: any
                    script: |
                      echo $(context.task.retry-count)/$(params.of)
                      [ $(context.task.retry-count) = 2 ]
    """)

    assert done.status == "Succeeded", done
    assert done.task("a").attempts == 3
    assert log(done.task("a")) == "2/3\n"


def test_the_whole_run_and_its_tasks_have_limits(bench: Bench) -> None:
    done = bench.pipeline(f"""
        timeouts: {{pipeline: 30s, tasks: 500ms, finally: 20s}}
        pipelineSpec:
          tasks:
            - {{name: a, taskSpec: {{steps: [{{image: any, command: [sleep, "60"]}}]}}}}
          finally:
            - {{name: f, taskSpec: {{{OK}}}}}
    """)

    assert (done.status, done.task("a").reason, done.task("f").status) == ("Failed", "TaskRunTimeout", "Succeeded")
