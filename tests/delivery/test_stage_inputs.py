"""Inputs say what they stand for, and leaving one out is the same as giving its default."""

from __future__ import annotations

from typing import Any

import click
import pytest

from pipeline.cli import application
from tests.delivery.stage_inputs import STAGES, inputs

COMMANDS = [name for name in (*STAGES, "run") if name in application.list_commands(click.Context(application))]


@pytest.mark.parametrize("command", COMMANDS)
def test_inputs_have_names_of_their_own_and_a_description(command: str) -> None:
    given = inputs(command)

    assert len({item.name for item in given}) == len({item.variable for item in given}) == len(given)
    assert [item.name for item in given if not item.description] == []
    assert [item.name for item in given if "epeatable" in item.description] == []


def _parameters(command: str, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> dict[str, Any]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = application.get_command(click.Context(application), command)
    assert found is not None
    # Within its group, whose settings a command keeps from the first time on.
    group = click.Context(application, **application.context_settings)
    return found.make_context(command, [], parent=group).params


@pytest.mark.parametrize("command", COMMANDS)
def test_a_default_is_what_the_program_takes_and_an_empty_value_counts_as_not_given(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = inputs(command)
    needed = {item.variable: "oci://ghcr.io/acme/shop:1" for item in given if item.is_required}
    without = _parameters(command, monkeypatch, needed)
    rest = [item for item in given if not item.is_required]

    assert _parameters(command, monkeypatch, {item.variable: item.default for item in rest}) == without
    assert _parameters(command, monkeypatch, {item.variable: "" for item in rest}) == without
