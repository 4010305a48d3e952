"""Values of strangers as inputs of the actions: nothing of them is run, set or shown as the runner's own words."""

from __future__ import annotations

import pytest

from examples.rehearsal.github.act import Run
from examples.rehearsal.github.services import TOKEN
from examples.rehearsal.github.stage import Stage
from tests.e2e.rehearsal_github.hostile import CASES, EXPRESSION, HUGE, WORKFLOW, Case, values

pytestmark = [
    pytest.mark.registry, pytest.mark.tool,
    pytest.mark.timeout(1500), pytest.mark.xdist_group("rehearsal-github"),
]  # fmt: skip

OUTPUTS = {
    "digest", "digest-url", "tag", "pushed", "summary-file", "changed", "created", "updated", "deleted", "report-file",
    "version", "path",
}  # fmt: skip


@pytest.fixture(scope="module")
def run(stage: Stage) -> Run:
    stage.services.api.comments.clear()
    return stage.run(WORKFLOW, "pull_request", {**stage.application.opened(), "inputs": values()})


def result(run: Run, case: Case) -> str:
    (found,) = {step.result for step in run.steps if step.ids == (case.id,)}
    return found


def of_case(run: Run, command: str, case: Case) -> list[str]:
    """What steps of the case wrote; act cuts it at the last ``::``, and the runner at the first."""
    lines = run.commands(command)
    return [str(line.get("raw", line["arg"])) for line in lines if tuple(line.get("stepID", ()))[:1] == (case.id,)]


def test_every_case_was_run_to_its_end(run: Run) -> None:
    assert run.jobs == {"Hostile": "success"}, run.text
    assert {step.ids[0] for step in run.steps} >= {case.id for case in CASES}


def test_nothing_of_a_value_is_executed_and_no_variable_or_path_is_set(run: Run) -> None:
    left = run.text.partition("evil is [")
    assert "pwned" not in left[0].rpartition("\n")[2]
    assert left[2].startswith("]\n")
    assert "evil" not in left[2].partition("path is [")[2]
    assert run.commands("set-env") == []
    assert {line["arg"] for line in run.commands("add-path")} == {str(stage_bin(run))}
    assert not [line for line in run.lines if str(line.get("msg", "")).startswith("./pwned")]


def stage_bin(run: Run) -> str:
    (found,) = {value for case in CASES if case.action == "package" for value in of_case(run, "add-path", case)}
    assert found.endswith("/bin")
    return found


def test_outputs_are_the_stages_own(run: Run) -> None:
    for line in run.commands("set-output"):
        assert line["name"] in OUTPUTS
        assert "evil" not in line["arg"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_value_is_taken_as_it_is_or_refused_in_one_error(run: Run, case: Case) -> None:
    errors = of_case(run, "error", case)

    if case.is_accepted:
        assert (result(run, case), errors) == ("success", [])
        return
    assert result(run, case) == "failure"
    if case.value == HUGE:
        # It does not fit into a process's environment: the runner itself cannot start the step.
        said = [str(line["msg"]) for line in run.lines if tuple(line.get("stepID", ()))[:1] == (case.id,)]
        assert any("argument list too long" in text for text in said)
        assert errors == []
        return
    assert len(errors) == 1, errors
    assert errors[0].startswith("::error title=gitless ")
    assert errors[0].count("\n") == 1


def test_no_expression_in_a_value_is_evaluated(run: Run) -> None:
    (case,) = (case for case in CASES if case.value == EXPRESSION)
    (error,) = of_case(run, "error", case)

    assert EXPRESSION in error
    assert TOKEN not in run.log.read_text()


def test_a_label_stays_within_its_place_in_the_comment(run: Run, stage: Stage) -> None:
    assert run.jobs == {"Hostile": "success"}
    bodies = stage.services.api.bodies

    assert len(bodies) == 2
    for body in bodies:
        marker, title = body.splitlines()[:2]
        assert marker.startswith("<!-- gitless:diff:")
        assert marker.endswith("-->")
        assert marker.count("--") == 2
        assert title.startswith("### Diff for ")
        assert "<b>" not in body
