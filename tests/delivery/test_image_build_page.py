"""The page about building images: its commands parse, and its settings are accepted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pipeline.cli import application
from pipeline.config import load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "image-build.md").read_text()
COMMANDS = re.findall(r"^gitless (image \w+) (.*)$", PAGE, re.MULTILINE)
OPTIONS = set(re.findall(r"`(--[a-z-]+)", PAGE))


@pytest.mark.parametrize(("name", "arguments"), COMMANDS)
def test_commands_parse(name: str, arguments: str) -> None:
    assert {word for word in shlex.split(arguments) if word.startswith("--")} <= options(name)


def test_every_option_that_it_names_is_there() -> None:
    others = {"--file", "--from", "--to"}

    assert len(COMMANDS) == 2
    assert options("image build") | options("image push") | others >= OPTIONS


def test_the_settings_are_accepted(tmp_path: Path) -> None:
    example = PAGE.split("```yaml\n")[1].split("```\n")[0]
    file = tmp_path / "gitless.yaml"
    file.write_text(f"apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n{example}")

    (image,) = load_settings(file).image_builds

    assert image.folder == tmp_path / "web"
    assert image.arguments == {"VERSION": "1.4.2", "NPM_TOKEN": None}
    assert [str(place) for place in image.written.kustomizations] == [f"{tmp_path}/deploy/production:web"]


def options(name: str) -> set[str]:
    group, command = name.split()
    context = click.Context(application)
    found = application.get_command(context, group)
    assert isinstance(found, click.Group)
    inner = found.get_command(context, command)
    assert inner is not None
    return {flag for parameter in inner.params for flag in (*parameter.opts, *parameter.secondary_opts)}
