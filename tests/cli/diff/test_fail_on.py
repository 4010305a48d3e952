from __future__ import annotations

from pathlib import Path

import click
import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.cli.comparing import end
from pipeline.errors import GuardError, PipelineError, RefusedError
from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.plan import Action
from tests.unit.markdown.support import change, diff

GUARD = Obstacle(subject="guard max-prune", problem="too much is deleted", error=GuardError)
CONFLICT = Obstacle(subject="Deployment.apps shop/web", problem="another manager owns spec.replicas")
SAME, CREATED = diff(), diff(change(Action.CREATE))
PRUNED, RECREATED = diff(change(Action.PRUNE)), diff(change(Action.RECREATE))
TRIPPED, IN_THE_WAY = diff(change(Action.PRUNE), obstacles=(GUARD,)), diff(obstacles=(CONFLICT,))
CHANGES, REFUSED = 3, RefusedError.exit_code

ENDS: dict[str | None, dict[str, int]] = {
    "none": {},
    "policy": {"tripped": REFUSED},
    None: {"tripped": REFUSED, "in the way": REFUSED},
    "delete": {"tripped": REFUSED, "in the way": REFUSED, "pruned": CHANGES, "recreated": CHANGES},
    "change": {
        "tripped": REFUSED, "in the way": REFUSED, "pruned": CHANGES, "recreated": CHANGES, "created": CHANGES,
    },
}  # fmt: skip
"""By ``--fail-on``: which results end with another exit code than 0."""
RESULTS = {
    "same": SAME, "created": CREATED, "pruned": PRUNED, "recreated": RECREATED, "tripped": TRIPPED,
    "in the way": IN_THE_WAY,
}  # fmt: skip


def _exit_code(result: DiffResult, fail_on: str | None) -> int:
    try:
        end(result, fail_on=fail_on)
    except PipelineError as error:
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    return 0


@pytest.mark.parametrize("fail_on", ENDS)
def test_each_level_fails_for_what_the_one_before_does_and_for_more(fail_on: str | None) -> None:
    found = {name: _exit_code(result, fail_on) for name, result in RESULTS.items()}

    assert {name: code for name, code in found.items() if code} == ENDS[fail_on]


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, objects in {"two": ("a", "b"), "one": ("a",)}.items():
        (tmp_path / name).mkdir()
        for item in objects:
            text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {item}, namespace: shop}}\n"
            (tmp_path / name / f"{item}.yaml").write_text(text)


@pytest.mark.usefixtures("sides")
@pytest.mark.parametrize("command", ["diff", "plan"])
def test_it_is_an_option_and_a_variable_of_both_commands(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(*arguments: str) -> int:
        return run_guarded(application, [command, *arguments])

    assert call("two", "one", "--fail-on", "delete") == CHANGES
    assert call("one", "two", "--fail-on", "delete") == 0
    assert call("one", "two", "--exit-code", "--fail-on", "change") == CHANGES
    assert call("one", "two", "--exit-code", "--fail-on", "none") == 2
    monkeypatch.setenv("GITLESS_FAIL_ON", "change")
    assert call("one", "two") == CHANGES
    monkeypatch.setenv("GITLESS_FAIL_ON", "")
    assert call("two", "one") == 0
