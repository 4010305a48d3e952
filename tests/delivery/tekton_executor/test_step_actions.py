"""StepActions: https://tekton.dev/docs/pipelines/stepactions/."""

from __future__ import annotations

import pytest

from tests.delivery.tekton_executor.bench import Bench, log

ACTION = """
image: any
params:
  - {name: text}
  - {name: flags, type: array, default: [x]}
results: [{name: said}]
env: [{name: TEXT, value: $(params.text)}]
args: ["$(params.flags[*])"]
script: |
  printf '%s %s' "$TEXT" "$*"
  printf %s "$TEXT" > $(step.results.said.path)
"""


def test_an_action_runs_with_the_params_of_its_step(bench: Bench) -> None:
    bench.action("say", ACTION)
    done = bench.task(
        """
        taskSpec:
          params: [{name: who}]
          results: [{name: all, value: $(steps.one.results.said)}]
          steps:
            - {name: one, ref: {name: say}, params: [{name: text, value: "hello $(params.who)"}]}
            - name: two
              ref: {name: say}
              params: [{name: text, value: $(steps.one.results.said)}, {name: flags, value: [a, b]}]
        """,
        who="you",
    )

    assert done.status == "Succeeded", done
    assert log(done) == "hello you x"
    assert log(done, 1) == "hello you a b"
    assert done.results == {"all": "hello you"}


def test_results_of_earlier_steps_in_every_form(bench: Bench) -> None:
    bench.action(
        "show", "image: any\nparams: [{name: p, type: array}]\ncommand: [printf, '%s|']\nargs: ['$(params.p[*])']"
    )
    done = bench.task("""
        taskSpec:
          steps:
            - name: make
              image: any
              results:
                - {name: list, type: array}
                - {name: object, type: object, properties: {k: {type: string}}}
              script: |
                printf '["a","b c"]' > $(step.results.list.path)
                printf '{"k":"v"}' > $(step.results.object.path)
            - image: any
              command: [printf, "%s|"]
              args: ["$(steps.make.results.list[*])", "$(steps.make.results.list[1])", $(steps.make.results.object.k)]
              when: [{input: "b c", operator: in, values: ["$(steps.make.results.list[*])"]}]
    """)

    assert log(done, 1) == "a|b c|b c|v|"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "{image: any, params: [{name: p}], script: 'echo $(params.p)'}",
            "param substitution in scripts is not allowed",
        ),
        ("{image: any, command: [x], script: z}", "script cannot be used with command"),
        ("{image: any, command: [$(params.p)]}", "non-existent variable"),
        ("{image: any, command: [x], volumeMounts: [{name: v, mountPath: /v}]}", "a single param reference"),
        ("{image: any, command: [x], onError: continue}", "has an unknown field onError"),
    ],
)
def test_actions_that_tekton_refuses(bench: Bench, spec: str, message: str) -> None:
    bench.action("bad", spec)
    done = bench.task("taskSpec: {steps: [{name: s, ref: {name: bad}}]}")

    assert done.status == "Failed"
    assert message in done.message


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{ref: {name: say}, image: any, params: [{name: text, value: t}]}", "image cannot be used with ref"),
        ("{ref: {name: say}, command: [x], params: [{name: text, value: t}]}", "command cannot be used with ref"),
        ("{ref: {name: say}}", "missing values for these params which have no default: text"),
        ("{ref: {name: say}, params: [{name: text, value: t}, {name: more, value: m}]}", "does not declare"),
        ("{ref: {name: none}}", "there is no StepAction none; there is: say"),
        ("{ref: {resolver: hub}}", "resolver is not done by this executor"),
        ("{image: any, command: [x], params: [{name: text, value: t}]}", "params cannot be used without ref"),
    ],
)
def test_references_that_tekton_refuses(bench: Bench, step: str, message: str) -> None:
    bench.action("say", ACTION)
    done = bench.task(f"taskSpec: {{steps: [{step}]}}")

    assert done.status == "Failed"
    assert message in done.message


def test_a_mount_is_named_by_a_param(bench: Bench) -> None:
    bench.action(
        "write",
        """
        image: any
        params: [{name: volume}]
        volumeMounts: [{name: $(params.volume), mountPath: /tmp}]
        script: echo here > "$TMPDIR/file"
        """,
    )
    done = bench.task("""
        taskSpec:
          volumes: [{name: scratch, emptyDir: {}}]
          steps:
            - {name: w, ref: {name: write}, params: [{name: volume, value: scratch}]}
            - {image: any, command: [cat, /tmp/file], volumeMounts: [{name: scratch, mountPath: /tmp}]}
    """)

    assert log(done, 1) == "here\n"


def test_a_value_meets_the_params_of_the_task_after_those_of_its_action_as_on_a_cluster(bench: Bench) -> None:
    bench.action("say", ACTION)
    spec = """
        taskSpec:
          params: [{name: value}, {name: text, default: of the task}]
          steps: [{name: s, ref: {name: say}, params: [{name: text, value: $(params.value)}]}]
    """

    assert log(bench.task(spec, value="$(params.flags[0])")) == "$(params.flags[0]) x"
    assert log(bench.task(spec, value="$(params.text)")) == "of the task x"
