"""Results: https://tekton.dev/docs/pipelines/tasks/#emitting-results."""

from __future__ import annotations

import pytest

from tests.delivery.tekton_executor.bench import Bench

TASK = """
taskSpec:
  results: [{results}]
  steps:
    - image: any
      script: |
        {script}
"""


def test_a_result_keeps_every_character_of_its_file(bench: Bench) -> None:
    done = bench.task(
        TASK.replace("{results}", "{name: r}").replace("{script}", "printf ' a b\\n' > $(results.r.path)")
    )

    assert done.results == {"r": " a b\n"}


def test_arrays_and_objects_are_read_as_json(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          results:
            - {name: list, type: array}
            - {name: object, type: object, properties: {url: {type: string}, digest: {type: string}}}
            - {name: text}
          steps:
            - image: any
              script: |
                printf '["a","b"]' > $(results.list.path)
                printf '{"url":"u","digest":"d","more":"m"}' > $(results['object'].path)
                printf '["a"]' > $(results.text.path)
    """)

    assert done.results == {"list": ("a", "b"), "object": {"url": "u", "digest": "d", "more": "m"}, "text": '["a"]'}


def test_a_result_that_is_declared_and_not_written_is_left_out(bench: Bench) -> None:
    done = bench.task("taskSpec: {results: [{name: r}], steps: [{image: any, command: ['true']}]}")

    assert (done.status, done.results) == ("Succeeded", {})


@pytest.mark.parametrize(
    ("result", "content", "message"),
    [
        (
            "{name: r, type: array}",
            "a, b",
            'expected to be "array" type but was initialized to a different type "string"',
        ),
        ("{name: r, type: array}", "[1]", 'initialized to a different type "string"'),
        ("{name: r, type: object, properties: {k: {type: string}}}", "[]", 'a different type "array"'),
        ("{name: r, type: object, properties: {k: {type: string}, l: {}}}", '{"k":"v"}', "lacks these keys"),
    ],
)
def test_results_of_another_type_fail_the_run(bench: Bench, result: str, content: str, message: str) -> None:
    spec = f"""
        taskSpec:
          params: [{{name: content}}]
          results: [{result}]
          steps:
            - image: any
              env: [{{name: CONTENT, value: $(params.content)}}]
              script: printf %s "$CONTENT" > $(results.r.path)
    """
    done = bench.task(spec, content=content)

    assert (done.status, done.results) == ("Failed", {})
    assert message in done.message


@pytest.mark.parametrize(("size", "status"), [(3900, "Succeeded"), (4096, "Failed")])
def test_a_steps_results_share_4096_bytes_with_tekton(bench: Bench, size: int, status: str) -> None:
    done = bench.task(f"""
        taskSpec:
          results: [{{name: r}}]
          steps: [{{image: any, script: "head -c {size} /dev/zero | tr '\\\\0' a > $(results.r.path)"}}]
    """)

    assert done.status == status
    if status == "Failed":
        assert "Termination message is above max allowed size 4096, caused by large task result" in done.message
    else:
        assert size < done.steps[0].bytes <= 4096


def test_what_json_needs_for_a_character_counts(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          results: [{name: r}]
          steps: [{image: any, script: "head -c 1000 /dev/zero | tr '\\\\0' '<' > $(results.r.path)"}]
    """)

    assert done.status == "Failed"
    assert "(6" in done.message


def test_with_more_steps_each_has_a_smaller_share(bench: Bench) -> None:
    steps = ", ".join(["{image: any, command: ['true']}"] * 9)
    done = bench.task(f"""
        taskSpec:
          results: [{{name: r}}]
          steps: [{{image: any, script: "head -c 1300 /dev/zero | tr '\\\\0' a > $(results.r.path)"}}, {steps}]
    """)

    assert done.status == "Failed"
    assert "with 11 containers in the pod each has 1117" in done.message


def test_results_of_a_step_that_failed_are_kept(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          results: [{name: r}]
          steps: [{image: any, script: "printf 1 > $(results.r.path); exit 3"}]
    """)

    assert (done.status, done.results) == ("Failed", {"r": "1"})
    assert '"step-unnamed-0" exited with code 3' in done.message


@pytest.mark.parametrize("name", ["-r", "r_", "r/s", ""])
def test_names_of_results_follow_the_documented_pattern(bench: Bench, name: str) -> None:
    done = bench.task(f"taskSpec: {{results: [{{name: '{name}'}}], steps: [{{image: any, command: ['true']}}]}}")

    assert done.status == "Failed"


def test_a_path_of_a_result_that_is_not_declared_is_refused(bench: Bench) -> None:
    done = bench.task("taskSpec: {steps: [{image: any, script: 'echo > $(results.no.path)'}]}")

    assert "no such result is declared" in done.message
