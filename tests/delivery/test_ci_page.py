"""The page about CIs: its examples are read by what reads them, and its outputs are those that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from pipeline.cli import application
from pipeline.model.presence.outputs import outputs_of
from tests.unit.presence.test_outputs import RESULTS

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
COMMANDS = [line for example in EXAMPLES for line in re.findall(r"(?:run: |- )(gitless .*)", example)]


def test_examples_are_yaml() -> None:
    documents: list[dict[str, Any]] = [yaml.safe_load(example) for example in EXAMPLES]

    assert len(documents) == 3
    assert max(documents[2]) == "variables"


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_of_examples_parse(line: str) -> None:
    name, *arguments = shlex.split(line)[1:]
    command = application.get_command(click.Context(application), name)
    assert command is not None

    known = {flag for parameter in command.params for flag in parameter.opts}
    assert {word for word in arguments if word.startswith("--")} <= known


def test_every_output_is_in_the_table_and_the_other_way_round() -> None:
    table = PAGE.read_text().partition("## Outputs")[2].partition("\n\nOn GitLab")[0]
    documented = {name for row in table.split("\n")[4:] for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}

    made = {name for result, _ in RESULTS for name in outputs_of(result)}
    assert documented == made | {"report-file", "summary-file"}
