from __future__ import annotations

from importlib import import_module

import click
import pytest

from pipeline.cli import application
from pipeline.model.reporting import BY_SUFFIX

RESULTS = {
    "validate": ("validate",),
    "diff": ("diff",),
    "plan": ("plan",),
    "apply": ("apply",),
    "verify": ("verify", "verifyartifact"),
    "run": ("run",),
}
"""Commands with reports, and the kinds of their results as report modules are named after them."""


def formats_of(command: str) -> tuple[str, ...]:
    found = application.get_command(click.Context(application), command)
    assert found is not None
    output = next(item for item in found.params if item.name == "output")
    assert isinstance(output.type, click.Choice)
    return tuple(output.type.choices)


@pytest.mark.parametrize("command", RESULTS)
def test_every_format_that_a_command_offers_can_be_rendered(command: str) -> None:
    for output in formats_of(command):
        for kind in RESULTS[command]:
            if output not in {"json", "yaml"}:
                assert callable(import_module(f"pipeline.reports.{output}.{kind}").render)


def test_code_scanning_and_tests_are_offered_where_they_make_sense() -> None:
    assert {name: [item for item in formats_of(name) if item in {"sarif", "junit"}] for name in RESULTS} == {
        "validate": ["sarif", "junit"],
        "diff": [],
        "plan": [],
        "apply": ["junit"],
        "verify": ["sarif", "junit"],
        "run": [],
    }


def test_every_suffix_stands_for_a_format() -> None:
    rendered = {item for command in RESULTS for item in formats_of(command)}

    assert set(BY_SUFFIX.values()) - {"yaml"} == rendered
