"""Workflows and actions are what their linters, GitHub and our own rules ask for."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from pipeline import __version__
from pipeline.cli import application
from tests.delivery.action_inputs import ACTIONS
from tests.delivery.action_texts import ROOT, TEXTS
from tests.delivery.stage_inputs import STAGES
from tests.delivery.workflow_files import (
    OWN,
    PLACEHOLDER,
    TREE,
    action_paths,
    load,
    own_action,
    steps,
    workflow_paths,
)
from tests.platform.binaries import binary

PATHS = [*action_paths(), *workflow_paths()]
PIN = re.compile(r"uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v(?P<version>\d+\.\d+\.\d+)")
OURS = re.compile(rf"uses: {OWN}(?P<path>(?:/actions/[a-z]+)?)@{PLACEHOLDER} # v[0-9.]+")
INJECTED = """\
name: injected
on: pull_request
permissions: {}
concurrency: injected
jobs:
  job:
    name: Job
    runs-on: ubuntu-latest
    steps:
      - name: Say it
        run: echo "${{ github.event.pull_request.title }}"
"""


def name(path: Path) -> str:
    return path.relative_to(TREE).as_posix()


def actionlint(*files: Path, cwd: Path = TREE) -> str:
    # Its helpers for shell and Python are whatever the machine has, or has not.
    command = [str(binary("actionlint")), "-no-color", "-oneline", "-shellcheck=", "-pyflakes=", *map(str, files)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False).stdout


def zizmor(*files: Path) -> subprocess.CompletedProcess[str]:
    options = ["--offline", "--pedantic", "--strict-collection", "--no-ignores", "--no-progress", "--color=never"]
    command = [str(binary("zizmor")), *options, *map(str, files)]
    return subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)


def lint_locally(folder: Path, texts: Mapping[str, str]) -> str:
    """What actionlint says of workflows that use our actions where it can see these, with their inputs and outputs."""
    shutil.copytree(TREE / "actions", folder / "actions")
    shutil.copy(TREE / "action.yml", folder)
    (folder / ".git").mkdir()
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for file, text in texts.items():
        local = OURS.sub(lambda found: f"uses: .{found['path'] or '/'}", text)
        assert OWN not in local
        (workflows / file).write_text(local)
    return actionlint(cwd=folder)


@pytest.mark.tool
def test_actionlint_finds_nothing() -> None:
    assert actionlint(*workflow_paths()) == ""


@pytest.mark.tool
def test_actionlint_finds_nothing_where_it_sees_our_actions_and_their_inputs_and_outputs(tmp_path: Path) -> None:
    assert lint_locally(tmp_path, {path.name: path.read_text() for path in workflow_paths()}) == ""


@pytest.mark.tool
def test_zizmor_finds_nothing_at_its_pedantic_best() -> None:
    done = zizmor(*PATHS)

    assert (done.returncode, done.stdout) == (0, "No findings to report. Good job!\n"), done.stdout + done.stderr
    assert done.stderr.count("completed") == len(PATHS)


@pytest.mark.tool
def test_actionlint_would_find_an_input_that_there_is_not(tmp_path: Path) -> None:
    text = next(path for path in workflow_paths() if path.name == "main.yml").read_text()

    said = lint_locally(tmp_path, {"main.yml": text.replace("diff-tag:", "diff-tags:")})
    assert 'input "diff-tags" is not defined in action "gitless package"' in said


@pytest.mark.tool
def test_both_find_what_is_pasted_into_a_script(tmp_path: Path) -> None:
    planted = tmp_path / "injected.yml"
    planted.write_text(INJECTED)

    assert "potentially untrusted" in actionlint(planted)
    assert "template-injection" in zizmor(planted).stdout


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_no_expression_is_part_of_a_script(path: Path) -> None:
    scripts = [step["run"] for step in steps(load(path)) if "run" in step]

    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_everything_that_is_used_is_pinned_to_a_commit_that_says_its_version(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]

    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert len(lines) == sum("uses" in step for step in steps(load(path)))


def test_one_version_of_everything_is_used_and_of_ours_the_next_release() -> None:
    used: dict[str, set[tuple[str, str]]] = {
        found["action"]: set() for path in PATHS for found in PIN.finditer(path.read_text())
    }
    for path in PATHS:
        for found in PIN.finditer(path.read_text()):
            used[found["action"]].add((found["commit"], found["version"]))

    assert {action: pins for action, pins in used.items() if len(pins) > 1} == {}
    ours = {pin for action, pins in used.items() if action.startswith(OWN) for pin in pins}
    assert ours == {(PLACEHOLDER, __version__)}


@pytest.mark.parametrize("path", workflow_paths(), ids=name)
def test_workflows_begin_with_no_permission_and_every_job_says_its_own_and_ends(path: Path) -> None:
    body = load(path)

    assert body["permissions"] == {}
    for job in body["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 90
        assert job.get("concurrency", {}).get("cancel-in-progress", False) is False


@pytest.mark.parametrize("path", workflow_paths(), ids=name)
def test_where_a_job_delivers_it_waits_for_its_turn_in_its_environment(path: Path) -> None:
    for job in load(path)["jobs"].values():
        used = {step.get("uses", "").partition("@")[0].removeprefix(f"{OWN}/actions/") for step in job["steps"]}
        if used & {"apply", "promote", "rollback"}:
            assert job["concurrency"]["group"] == f"deploy-{job['environment']}"


def _needed(job: dict[str, Any]) -> dict[str, str]:
    """What the job needs by the steps that it has."""
    given = [step.get("with", {}) for step in job["steps"]]
    used = [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]
    texts = [ROOT if name == OWN else TEXTS.get(name.removeprefix(f"{OWN}/actions/")) for name in used]
    packages = {scope for text in texts if text for scope, _ in text.permissions if scope.startswith("packages")}
    needed = {"packages": "write"} if "packages: write" in packages else {"packages": "read"} if packages else {}
    needed |= {"contents": "read"} if "actions/checkout" in used else {}
    # What the chain signs with is in its settings.
    is_keyless = OWN in used or any(inputs.get("keyless") for inputs in given)
    needed |= {"id-token": "write"} if is_keyless else {}
    return needed | ({"pull-requests": "write"} if any(inputs.get("comment") for inputs in given) else {})


@pytest.mark.parametrize("path", sorted((TREE / "examples" / "github").glob("*.yml")), ids=name)
def test_examples_ask_for_what_their_stages_need_and_for_no_more(path: Path) -> None:
    for job in load(path)["jobs"].values():
        assert job["permissions"] == _needed(job)


def _missing(step: dict[str, Any]) -> list[str]:
    found = own_action(step["uses"])
    assert found is not None
    if found.parent.name in set(STAGES) - set(ACTIONS):
        return []  # its stage comes with the next version
    declared = load(found).get("inputs", {})
    needed = {key for key, item in declared.items() if item["required"]}
    return sorted((needed - step.get("with", {}).keys()) | (step.get("with", {}).keys() - declared.keys()))


@pytest.mark.parametrize("path", workflow_paths(), ids=name)
def test_our_actions_get_the_inputs_that_they_have(path: Path) -> None:
    ours = [step for step in steps(load(path)) if step.get("uses", "").startswith(OWN)]

    assert {step["name"]: _missing(step) for step in ours if _missing(step)} == {}


@pytest.mark.parametrize("path", workflow_paths(), ids=name)
def test_commands_are_those_that_there_are(path: Path) -> None:
    lines = [line for step in steps(load(path)) for line in step.get("run", "").splitlines()]
    scripts = [line for line in lines if line.startswith("gitless ")]
    for command, *arguments in (shlex.split(script)[1:] for script in scripts):
        found = application.get_command(click.Context(application), command)
        if isinstance(found, click.Group):
            found = found.get_command(click.Context(found), arguments[0])
        assert found is not None
        known = {flag for parameter in found.params for flag in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= known
