"""The page about images: its examples are what gitless reads, and its commands are those that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from pipeline.cli import application
from pipeline.config import check_settings
from pipeline.model.images.markers import MarkedPart, find_markers
from pipeline.model.images.policy_reading import settings_policies
from pipeline.model.outcome.images_check import ImageProblem

PAGE = (Path(__file__).parents[2] / "docs" / "images.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = sorted(
    {found.partition("#")[0].strip() for found in re.findall(r"^(?:  - run: )?(gitless .*)$", PAGE, re.MULTILINE)}
)


def test_settings_of_examples_are_settings() -> None:
    bodies = [yaml.safe_load(example) for example in EXAMPLES]
    settings = [body for body in bodies if isinstance(body, dict) and isinstance(body.get("images"), dict)]

    assert len(settings) == 3
    for body in settings:
        whole = {"apiVersion": "gitless.dev/v1", "kind": "Pipeline", "name": "shop", **body}
        check_settings(whole, yaml.safe_dump(whole).encode(), "gitless.yaml")
        assert settings_policies(body["images"].get("policies", []), "gitless.yaml") is not None


def test_markers_of_examples_mark() -> None:
    marked = [find_markers(example, "page").markers for example in EXAMPLES if "$imagepolicy" in example]

    assert [marker.part for markers in marked for marker in markers] == [
        MarkedPart.IMAGE,
        MarkedPart.NAME,
        MarkedPart.TAG,
        MarkedPart.DIGEST,
    ]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_parse(line: str) -> None:
    words = shlex.split(line)[1:]
    command = application.get_command(click.Context(application), words[0])
    if isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words[1])
    assert command is not None

    known = {flag for parameter in command.params for flag in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_problem_is_in_the_table() -> None:
    table = PAGE.partition("## Does it still hold?")[2].partition("## Policies")[0]

    assert re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE) == [problem.value for problem in ImageProblem]
