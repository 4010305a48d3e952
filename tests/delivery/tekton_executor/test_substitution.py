"""Variables are replaced once, and what a value says is text: https://tekton.dev/docs/pipelines/variables/."""

from __future__ import annotations

import pytest

from examples.rehearsal.tekton.expansion import expand, expand_environment
from examples.rehearsal.tekton.substitution import Replacements
from tests.delivery.tekton_executor.bench import Bench, log

TWO = """
taskSpec:
  params: [{name: one}, {name: two, default: secret}]
  steps:
    - {image: any, command: [printf, '%s|%s'], args: ['$(params.one)', $(params.two)]}
"""


@pytest.mark.parametrize(
    "value", ["$(params.two)", "$(params['two'])", "$(params.one)", "$($(params.two))", "$(params"]
)
def test_a_value_that_names_a_param_stays_as_it_is(bench: Bench, value: str) -> None:
    assert log(bench.task(TWO, one=value)) == f"{value}|secret"


def test_a_later_pass_sees_a_value_as_on_a_cluster(bench: Bench) -> None:
    assert log(bench.task(TWO, one="$(context.taskRun.name)")) == "run|secret"


def test_variables_that_nobody_knows_stay_as_they_are(bench: Bench) -> None:
    done = bench.task(
        "taskSpec: {steps: [{image: any, command: [printf, '%s'], args: ['$(date) $(workspaces.no.bound)']}]}"
    )

    assert log(done) == "$(date) $(workspaces.no.bound)"


def test_nothing_in_an_argument_is_read_by_a_shell(bench: Bench) -> None:
    hostile = '\'; touch pwned; echo "$(touch pwned)" `touch pwned` $HOME *\n::set-output name=x::y'

    done = bench.task(TWO, one=hostile)

    assert log(done) == f"{hostile}|secret"
    assert not list(bench.folder.rglob("pwned"))


def test_contexts_say_what_runs(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          steps:
            - image: any
              command: [printf, "%s"]
              args: ['$(context.taskRun.name) $(context.taskRun.namespace)', ' $(context.task.retry-count)']
    """)

    assert log(done) == "run default 0"


def test_kubernetes_expands_variables_of_the_container_in_arguments_and_later_variables(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          params: [{name: value, default: $(FIRST)}]
          steps:
            - image: any
              command: [printf, "%s|"]
              args: [$(FIRST), $(SECOND), $$(FIRST), $(params.value), $(LATER)]
              env:
                - {name: SECOND, value: "2$(FIRST)"}
                - {name: FIRST, value: "1"}
                - {name: LATER, value: "$(FIRST)$(params.value)"}
    """)

    assert log(done) == "1|2$(FIRST)|$(FIRST)|1|11|"


def test_a_script_is_not_touched_by_kubernetes(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          steps:
            - image: any
              env: [{name: FIRST, value: "1"}]
              script: "printf '%s' '$(FIRST) $$'"
    """)

    assert log(done) == "$(FIRST) $$"


@pytest.mark.parametrize(
    ("text", "expanded"),
    [("$(A)", "1"), ("$$(A)", "$(A)"), ("$$$(A)", "$1"), ("$A $", "$A $"), ("$(B", "$(B"), ("$(B)", "$(B)")],
)
def test_expansion_by_kubernetes_rules(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


def test_a_value_from_a_secret_is_taken_as_it_is() -> None:
    found = expand_environment([("A", "1", True), ("S", "$(A)", False), ("B", "$(S)", True)])

    assert found == {"A": "1", "S": "$(A)", "B": "$(A)"}


def test_a_whole_array_or_object_becomes_a_params_value() -> None:
    variables = Replacements.of({"a": ("x", "y"), "o": {"k": "v"}, "s": "t"}, ("params.{}",))

    assert variables.value("$(params.a[*])") == ("x", "y")
    assert variables.value("$(params.o[*])") == {"k": "v"}
    assert variables.value(("1", "$(params.a[*])", "$(params.s)")) == ("1", "x", "y", "t")
    assert variables.value({"k": "$(params.o.k)$(params.a[1])"}) == {"k": "vy"}
