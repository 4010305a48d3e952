from __future__ import annotations

import json

import click
import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.cli.schema import command


def kinds() -> list[str]:
    choices = next(parameter.type for parameter in command.params if parameter.name == "kind")
    assert isinstance(choices, click.Choice)
    return list(choices.choices)


@pytest.mark.parametrize("kind", kinds())
def test_the_schema_of_every_kind_is_printed(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    assert run_guarded(application, ["schema", "--kind", kind]) == 0

    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert kind == "Pipeline" or schema["properties"]["kind"]["const"] == kind
