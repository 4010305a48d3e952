"""The page about Tekton: its examples follow the schema, give the Tasks what these declare, and its commands parse."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from pipeline.cli import application
from tests.delivery.tekton_tree import TREE, complaints, complaints_about, every, names, unresolved

PAGE = TREE.parent / "docs" / "tekton.md"
TEXT = PAGE.read_text()
BLOCKS: list[Any] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
PARTS: list[dict[str, Any]] = [part for block in BLOCKS if isinstance(block, list) for part in block]
DECLARED = {(body["kind"], body["metadata"]["name"]): body["spec"] for _, body in every("Task", "StepAction")}


def test_examples_are_what_tekton_takes() -> None:
    assert [complaints(block) for block in BLOCKS if isinstance(block, dict)] == [[]]
    kinds = ["step" if "image" in part else "pipelineTask" for part in PARTS]
    assert kinds.count("step") == 1
    assert [complaints_about(kind, part) for kind, part in zip(kinds, PARTS, strict=True)] == [[]] * len(PARTS)


def test_examples_give_tasks_and_steps_what_they_declare() -> None:
    (composed,) = (block for block in BLOCKS if isinstance(block, dict))
    used = [("Task", part["taskRef"].get("name"), part) for part in PARTS if "taskRef" in part]
    used = [(kind, name or _resolved(part), part) for kind, name, part in used]
    used += [("StepAction", step["ref"]["name"], step) for step in composed["spec"]["steps"]]
    for kind, name, part in used:
        if not str(name).startswith("gitless-"):
            continue
        spec = DECLARED[kind, name]
        required = {param["name"] for param in spec["params"] if "default" not in param}
        assert required <= set(names(part["params"])) <= set(names(spec["params"])), name
        assert set(names(part.get("workspaces"))) <= set(names(spec.get("workspaces"))), name


def _resolved(part: dict[str, Any]) -> str:
    found = {param["name"]: param["value"] for param in part["taskRef"].get("params", ())}
    return str(found.get("name", ""))


def test_the_composed_task_refers_to_what_it_has() -> None:
    (composed,) = (block for block in BLOCKS if isinstance(block, dict))
    spec = composed["spec"]
    known = [f"params.{name}" for name in names(spec["params"])]
    known += [f"workspaces.{name}.path" for name in names(spec["workspaces"])]
    for step in spec["steps"]:
        assert unresolved(step, *known) == []
        results = names(DECLARED["StepAction", step["ref"]["name"]].get("results"))
        known += [f"steps.{step['name']}.results.{name}" for name in results]
    assert unresolved(spec["results"], *known) == []


def test_the_shortest_use_is_four_lines() -> None:
    assert TEXT.startswith("# Tekton\n\n```yaml\n")
    assert len(TEXT.partition("```yaml\n")[2].partition("```")[0].splitlines()) == 4


@pytest.mark.parametrize("line", re.findall(r"^gitless .*", TEXT, re.MULTILINE))
def test_commands_parse(line: str) -> None:
    name, *arguments = shlex.split(line)[1:]
    command = application.get_command(click.Context(application), name)
    assert command is not None

    known = {flag for parameter in command.params for flag in parameter.opts}
    assert {word for word in arguments if word.startswith("--")} <= known
    assert (TREE.parent / arguments[0]).is_dir()


def test_files_that_the_page_names_are_there() -> None:
    links = re.findall(r"\]\((?!https://)([^)#]+)", TEXT)
    paths = re.findall(r"kubectl .*-f (\S+)", TEXT)

    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
    assert [path for path in paths if not (TREE.parent / path).is_file()] == []


def test_every_result_that_the_page_names_is_one() -> None:
    results = {name for spec in DECLARED.values() for name in names(spec.get("results"))}

    assert set(re.findall(r"\.results\.([\w-]+)", TEXT)) - {"IMAGE_URL"} <= results
    assert Path(TREE / "rbac" / "README.md").is_file()
