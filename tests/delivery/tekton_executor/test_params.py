"""Params: https://tekton.dev/docs/pipelines/tasks/#specifying-parameters."""

from __future__ import annotations

import json

import pytest

from tests.delivery.tekton_executor.bench import Bench, log

ECHO = """
taskSpec:
  params:
    - {name: text, type: string, default: from default}
    - {name: flags, type: array, default: []}
    - name: git
      type: object
      properties: {url: {type: string}, commit: {type: string}}
      default: {commit: main}
  steps:
    - name: print
      image: any
      command: [printf, "<%s>"]
      args: [a, $(params.text), "x$(params.text)x", "$(params.flags[*])", $(params.git.url), $(params["git"].commit)]
"""


def test_values_of_all_three_types_reach_the_arguments(bench: Bench) -> None:
    done = bench.task(
        ECHO.replace('["git"]', ".git"), text="t", flags=["one", "t w o"], git={"url": "u", "commit": "c"}
    )

    assert log(done) == "<a><t><xtx><one><t w o><u><c>"


def test_defaults_fill_what_is_not_given_and_single_keys_of_objects(bench: Bench) -> None:
    done = bench.task(ECHO.replace('["git"]', ".git"), git={"url": "u"})

    assert log(done) == "<a><from default><xfrom defaultx><u><main>"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$(params['foo.bar'])", "b"),
        ('$(params["foo.bar"])', "b"),
        ("$(params.list[1])", "two"),
        ('$(params["list"][0])', "one"),
    ],
)
def test_names_in_brackets_and_single_elements(bench: Bench, written: str, said: str) -> None:
    done = bench.task(f"""
        taskSpec:
          params:
            - {{name: foo.bar, default: b}}
            - {{name: list, default: [one, two]}}
          steps:
            - image: any
              command: [printf, "%s"]
              args: [{json.dumps(written)}]
    """)

    assert log(done) == said


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "missing values for these params which have no default: git"),
        ({"git": {"commit": "c"}}, "the param git lacks these keys: url"),
        ({"git": "text"}, "the param git is of type object, and was given a value of type string"),
        ({"git": {"url": "u"}, "text": ["a"]}, "the param text is of type string, and was given a value of type array"),
        ({"git": {"url": "u"}, "flags": "a"}, "the param flags is of type array, and was given a value of type string"),
    ],
)
def test_what_is_missing_or_of_another_type_is_refused(bench: Bench, given: dict[str, object], message: str) -> None:
    without_default = ECHO.replace(
        "      default: {commit: main}\n", "" if not given else "      default: {commit: m}\n"
    )
    done = bench.task(without_default.replace('["git"]', ".git"), **given)

    assert (done.status, done.reason) == ("Failed", "TaskRunValidationFailed")
    assert message in done.message
    assert not done.steps


def test_a_param_that_is_not_declared_is_passed_over_and_told(bench: Bench) -> None:
    done = bench.task("taskSpec: {steps: [{image: any, command: ['true']}]}", other="x")

    assert done.status == "Succeeded"
    assert "the param other was given, is not declared and is passed over" in done.notes


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{command: [echo], args: [$(params.unknown)]}", "non-existent variable $(params.unknown)"),
        ("{command: [echo], args: ['-f $(params.list[*])']}", "is a whole array"),
        ("{command: [echo], args: [$(params.object)]}", "is a whole object"),
        ("{command: [echo], args: [$(params.object.no)]}", "non-existent variable $(params.object.no)"),
        ("{script: 'echo $(params.list[*])'}", "is a whole array"),
        ("{command: [echo], env: [{name: X, value: '$(params.list[*])'}]}", "is a whole array"),
        ("{command: [echo], args: [$(params.a.dotted)]}", "a name with dots needs brackets"),
        ("{command: [echo], args: [$(params.x.y.z)]}", "non-existent variable"),
    ],
)
def test_uses_that_a_type_does_not_allow_are_refused(bench: Bench, step: str, message: str) -> None:
    done = bench.task(f"""
        taskSpec:
          params:
            - {{name: list, type: array, default: [a]}}
            - {{name: object, type: object, properties: {{key: {{type: string}}}}, default: {{key: v}}}}
            - {{name: a.dotted, default: d}}
          steps:
            - {{image: any, {step[1:]}
    """)

    assert done.status == "Failed"
    assert message in done.message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{name: 0banana}", "is no name of a param"),
        ("{name: a.b, type: object, properties: {k: {type: string}}}", "is no name of a param"),
        ("{name: o, type: object}", "a param of type object needs properties"),
        ("{name: s, type: string, default: [a]}", "default is of type array"),
        ("{name: s, type: number}", "expected one of string, array, object"),
        ("{name: e, enum: [a, b], default: c}", "is not among its enum"),
        ("{name: APPLE}, {name: apple}", "declares apple twice"),
    ],
)
def test_declarations_that_tekton_refuses(bench: Bench, spec: str, message: str) -> None:
    done = bench.task(f"taskSpec: {{params: [{spec}], steps: [{{image: any, command: ['true']}}]}}")

    assert done.status == "Failed"
    assert message in done.message


def test_a_value_outside_of_an_enum_is_refused(bench: Bench) -> None:
    spec = "taskSpec: {params: [{name: e, enum: [a, b]}], steps: [{image: any, command: ['true']}]}"

    assert bench.task(spec, e="a").status == "Succeeded"
    assert "none of its enum: a, b" in bench.task(spec, e="c").message


def test_what_is_no_text_becomes_text(bench: Bench) -> None:
    done = bench.task("""
        params: [{name: truth, value: true}, {name: many, value: 3}, {name: numbers, value: [1, 2]}]
        taskSpec:
          params: [{name: truth}, {name: many}, {name: numbers}]
          steps:
            - {image: any, command: [printf, '%s'], args: ['$(params.truth) $(params.many) $(params.numbers)']}
    """)

    assert log(done) == "true 3 [1,2]"
