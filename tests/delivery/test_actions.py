"""The GitHub actions are what the program is: its options are their inputs, and what it tells their outputs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from pipeline.model.presence.outputs import outputs_of
from tests.delivery.action_files import TREE, files
from tests.delivery.action_inputs import ACTIONS, ROOT_COMMANDS, root_inputs
from tests.delivery.stage_inputs import inputs
from tests.delivery.stage_outputs import OUTPUTS, own_outputs
from tests.delivery.workflow_files import action_paths, load, steps
from tests.unit.presence.test_outputs import RESULTS

SCHEMA = Path(__file__).parent / "schemas" / "action.v1.json"
BESIDES = {"GITLESS_RESULTS_DIR", "GITLESS_GITHUB_TOKEN"}
"""Variables of a step that no input of the stage stands for."""
STAGE_OF_KIND = {"VerifyArtifact": "verify", "Attestations": "attest"}


def action(name: str) -> dict[str, Any]:
    return load(TREE / "actions" / name / "action.yml")


def variables(body: dict[str, Any]) -> dict[str, str]:
    return dict(next(step for step in steps(body) if step.get("id") == "stage")["env"])


@pytest.mark.parametrize("path", files(), ids=str)
def test_files_are_those_that_the_program_makes(path: Path) -> None:
    assert (TREE / path).read_text() == files()[path], "run: python -m tests.delivery.action_files --write"


@pytest.mark.parametrize("path", action_paths(), ids=lambda path: path.parent.name)
def test_actions_have_the_form_that_github_documents(path: Path) -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))

    assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(load(path))] == []


@pytest.mark.parametrize("name", ACTIONS)
def test_a_stage_is_its_variables_and_one_call(name: str) -> None:
    body = action(name)
    *_, last = steps(body)

    assert last["run"] == f"gitless {name}"
    assert variables(body).keys() - BESIDES == {item.variable for item in inputs(name)}
    plain = [item for item in inputs(name) if item.name != "repository"]
    assert [variables(body)[item.variable] for item in plain] == [f"${{{{ inputs.{item.name} }}}}" for item in plain]


def test_the_action_at_the_root_takes_what_the_chain_and_every_stage_take() -> None:
    given = variables(load(TREE / "action.yml"))

    names = [item.name for item in root_inputs()]
    assert sorted(set(names)) == sorted(names)
    every = {item.variable for name in ROOT_COMMANDS for item in inputs(name)}
    assert given.keys() - BESIDES == {"COMMAND", *every}


@pytest.mark.parametrize("path", action_paths(), ids=lambda path: path.parent.name)
def test_every_input_is_used_and_every_used_input_is_declared(path: Path) -> None:
    text = path.read_text()
    declared = load(path)["inputs"]

    used = {word.partition(" ")[0].partition(",")[0].rstrip("),") for word in text.split("inputs.")[1:]}
    assert used == declared.keys()


def told(result_kind: str) -> str:
    name = result_kind.removesuffix("Result")
    return STAGE_OF_KIND.get(name, name.lower())


@pytest.mark.parametrize("name", ACTIONS)
def test_a_stage_gives_what_its_results_tell(name: str) -> None:
    made = {output for result, _ in RESULTS if told(result.kind) == name for output in outputs_of(result)}

    assert made == set(own_outputs(name))
    assert set(action(name)["outputs"]) - made <= {"report-file", "summary-file"}


def test_the_action_at_the_root_gives_everything() -> None:
    assert list(load(TREE / "action.yml")["outputs"]) == list(OUTPUTS)


@pytest.mark.parametrize(
    ("command", "called"),
    [(name, name) for name in ROOT_COMMANDS]
    + [(text, None) for text in ("", "puller", "run; id", "$(id)", "--help", "run\nid", "'", "uninstall -y")],
)
def test_the_action_at_the_root_calls_nothing_but_stages(tmp_path: Path, command: str, called: str | None) -> None:
    (tmp_path / "gitless").write_text('#!/bin/sh\necho "called $*"\n')
    (tmp_path / "gitless").chmod(0o755)
    *_, last = steps(load(TREE / "action.yml"))

    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", last["run"]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "COMMAND": command},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    if called is not None:
        assert (done.returncode, done.stdout) == (0, f"called {called}\n")
    else:
        assert done.returncode == 2
        assert done.stdout.count("::error") == 1
        assert "called" not in done.stdout
