"""Pipelines: https://tekton.dev/docs/pipelines/pipelines/."""

from __future__ import annotations

import pytest

from examples.rehearsal.tekton.pipelines import BY_PARENT, BY_RESULT, BY_WHEN
from tests.delivery.tekton_executor.bench import Bench, log
from tests.delivery.tekton_executor.small_pipelines import GIVE, NEVER, OF_A, OK, TAKE, run, states


def test_a_result_orders_tasks_and_is_handed_on(bench: Bench) -> None:
    done = run(
        bench,
        f"{{name: b, {OF_A}, taskSpec: {{{TAKE}}}}}",
        f"{{name: a, taskSpec: {{{GIVE}}}}}",
        results="{name: out, value: <$(tasks.a.results.r)>}",
    )

    assert done.status == "Succeeded"
    assert [task.name for task in done.tasks] == ["a", "b"]
    assert log(done.task("b")) == "given"
    assert done.results == {"out": "<given>"}


def test_arrays_and_objects_are_handed_on_whole_and_in_parts(bench: Bench) -> None:
    done = bench.pipeline("""
        pipelineSpec:
          results:
            - {name: whole, type: array, value: "$(tasks.a.results.list[*])"}
            - {name: object, type: object, properties: {k: {}}, value: "$(tasks.a.results.object[*])"}
            - {name: part, value: "$(tasks.a.results.list[1]) $(tasks.a.results.object.k)"}
          tasks:
            - name: a
              taskSpec:
                results:
                  - {name: list, type: array}
                  - {name: object, type: object, properties: {k: {type: string}}}
                steps:
                  - image: any
                    script: |
                      printf '["x","y"]' > $(results.list.path)
                      printf '{"k":"v"}' > $(results.object.path)
            - name: b
              params:
                - {name: list, value: "$(tasks.a.results.list[*])"}
                - {name: more, value: [first, "$(tasks.a.results.list[*])"]}
                - {name: object, value: "$(tasks.a.results.object[*])"}
              taskSpec:
                params:
                  - {name: list, type: array}
                  - {name: more, type: array}
                  - {name: object, type: object, properties: {k: {type: string}}}
                steps:
                  - image: any
                    command: [printf, "%s|"]
                    args: ["$(params.list[*])", "$(params.more[*])", $(params.object.k)]
    """)

    assert done.status == "Succeeded", done
    assert log(done.task("b")) == "x|y|first|x|y|v|"
    assert done.results == {"whole": ("x", "y"), "object": {"k": "v"}, "part": "y v"}


def test_independent_tasks_run_at_the_same_time(bench: Bench) -> None:
    wait = "until [ -e {other} ]; do sleep 0.02; done"
    tasks = ", ".join(
        f"{{name: {name}, timeout: 20s, workspaces: [{{name: w}}], taskSpec: {{workspaces: [{{name: w}}], steps: "
        f"[{{image: any, workingDir: /workspace/w, script: 'touch {name}; {wait.format(other=other)}'}}]}}}}"
        for name, other in (("a", "b"), ("b", "a"))
    )
    done = bench.pipeline(f"""
        workspaces: [{{name: w, volumeClaimTemplate: {{}}}}]
        pipelineSpec: {{workspaces: [{{name: w}}], tasks: [{tasks}]}}
    """)

    assert done.status == "Succeeded", done


def test_when_skips_a_task_its_results_dependents_and_theirs_and_nothing_else(bench: Bench) -> None:
    done = run(
        bench,
        f"{{name: a, {NEVER}, taskSpec: {{{GIVE}}}}}",
        f"{{name: ordered, runAfter: [a], taskSpec: {{{OK}}}}}",
        f"{{name: needs, {OF_A}, taskSpec: {{{TAKE}}}}}",
        f"{{name: after-needs, runAfter: [needs], taskSpec: {{{OK}}}}}",
        results="{name: out, value: $(tasks.a.results.r)}",
    )

    assert states(done) == {"a": BY_WHEN, "ordered": "Succeeded", "needs": BY_RESULT, "after-needs": BY_PARENT}
    assert done.status == "Completed"
    assert done.message == "Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 3"
    assert done.results == {}


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("{input: $(tasks.a.results.r), operator: in, values: [given]}", "Succeeded"),
        ("{input: $(tasks.a.results.r), operator: notin, values: [given]}", BY_WHEN),
        ("{input: $(tasks.a.results.r), operator: in, values: ['given ', Given]}", BY_WHEN),
        ("{input: '', operator: in, values: ['']}", "Succeeded"),
    ],
)
def test_when_compares_to_the_letter(bench: Bench, when: str, state: str) -> None:
    done = run(
        bench,
        f"{{name: a, taskSpec: {{{GIVE}}}}}",
        f"{{name: b, runAfter: [a], when: [{when}], taskSpec: {{{OK}}}}}",
    )

    assert states(done)["b"] == state


def test_params_and_workspaces_reach_tasks_by_the_pipelines_names(bench: Bench) -> None:
    bench.add(
        "Task",
        "t",
        "params: [{name: p}]\nworkspaces: [{name: w, optional: true}]\n"
        + OK.replace("['true']", "[printf, '%s', '$(params.p) $(workspaces.w.bound)']"),
    )
    done = bench.pipeline(
        """
        workspaces: [{name: here, emptyDir: {}}]
        pipelineSpec:
          params: [{name: x}]
          workspaces: [{name: here}, {name: gone, optional: true}]
          tasks:
            - name: a
              taskRef: {name: t}
              params: [{name: p, value: "$(params.x) $(context.pipelineRun.name) $(workspaces.gone.bound)"}]
              workspaces: [{name: w, workspace: here}]
            - {name: b, taskRef: {name: t}, params: [{name: p, value: "-"}], workspaces: [{name: w, workspace: gone}]}
            - {name: c, taskSpec: {steps: [{image: any, command: [printf, '%s', $(params.x)]}]}}
        """,
        x="$(context.pipeline.name)",
    )

    assert done.status == "Succeeded", done
    assert log(done.task("a")) == "run run false true"
    assert log(done.task("b")) == "- false"
    assert log(done.task("c")) == "$(context.pipeline.name)"


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            f"{{name: a, runAfter: [b], taskSpec: {{{OK}}}}}, {{name: b, runAfter: [a], taskSpec: {{{OK}}}}}",
            "in a circle",
        ),
        (f"{{name: a, runAfter: [z], taskSpec: {{{OK}}}}}", "comes after z, which is none of the tasks"),
        (f"{{name: a, taskSpec: {{{OK}}}}}, {{name: a, taskSpec: {{{OK}}}}}", "two tasks have one name"),
        (f"{{name: a, taskSpec: {{{OK}}}, taskRef: {{name: t}}}}", "needs either taskRef or taskSpec"),
        (f"{{name: a, retries: 1, onError: continue, taskSpec: {{{OK}}}}}", "do not go together"),
        (f"{{name: a, matrix: {{}}, taskSpec: {{{OK}}}}}", "matrix is not done by this executor"),
        ("{name: a, taskRef: {name: none}}", "there is no Task none"),
        (f"{{name: a, params: [{{name: p, value: $(params.no)}}], taskSpec: {{{TAKE}}}}}", "non-existent variable"),
        (
            f"{{name: a, params: [{{name: p, value: $(tasks.status)}}], taskSpec: {{{TAKE}}}}}",
            "only be used in finally",
        ),
        (f"{{name: a, workspaces: [{{name: w}}], taskSpec: {{{OK}}}}}", "uses a workspace that is not declared"),
        (
            f"{{name: a, taskSpec: {{{OK}}}}}, {{name: b, {OF_A}, taskSpec: {{{TAKE}}}}}",
            "InvalidTaskResultReference: the task b: $(tasks.a.results.r): a declares no such result",
        ),
    ],
)
def test_pipelines_that_tekton_refuses_or_this_executor_does_not_do(bench: Bench, tasks: str, message: str) -> None:
    done = bench.pipeline(f"pipelineSpec: {{tasks: [{tasks}]}}")

    assert done.status == "Failed"
    assert message in done.message
    assert not any(task.steps for task in done.tasks)


def test_a_workspace_that_the_pipeline_needs_must_be_bound(bench: Bench) -> None:
    done = bench.pipeline(f"pipelineSpec: {{workspaces: [{{name: w}}], tasks: [{{name: a, taskSpec: {{{OK}}}}}]}}")

    assert done.message == "PipelineValidationFailed: the Pipeline run needs these workspaces: w"


def test_limits_of_the_parts_must_fit_into_the_whole(bench: Bench) -> None:
    done = bench.pipeline(f"""
        timeouts: {{pipeline: 1m, tasks: 50s, finally: 20s}}
        pipelineSpec: {{tasks: [{{name: a, taskSpec: {{{OK}}}}}]}}
    """)

    assert "tasks and finally together are longer than pipeline" in done.message
