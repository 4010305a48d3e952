"""The help in README and docs/commands.md is the program's own words: ``--write`` puts it there, the test compares.

A block begins after a line ``<!-- help: gitless COMMAND -->`` and is fenced as text. The README has the overview alone,
and ``docs/commands.md`` every command with its own commands.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from pipeline.cli import application
from pipeline.cli.application import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "commands.md"
_BLOCK = re.compile(r"(<!-- help: gitless ?(?P<command>[a-z -]*) -->\n```text\n)(?P<body>.*?)(```\n)", re.DOTALL)
_HEAD = """# Commands

What `gitless COMMAND --help` prints. Every option can be given as `GITLESS_<NAME>` in the environment as well, unless
it is about one run alone, and so can the arguments of a stage: `GITLESS_PATH`, `GITLESS_REFERENCE`, `GITLESS_FROM` and
`GITLESS_TO`. A step in a CI then needs no shell to fill them in. What can be given several times has one value in each
line of its variable.
"""


def help_text(command: str) -> str:
    """What ``gitless COMMAND --help`` prints, 100 columns wide."""
    result = CliRunner().invoke(
        application, [*command.split(), "--help"], prog_name="gitless", terminal_width=100, max_content_width=100
    )
    if result.exit_code:
        raise RuntimeError(f"gitless {command} --help failed: {result.output}")
    return result.output


def with_current_help(text: str) -> str:
    """The text with every block as the program has it now."""
    return _BLOCK.sub(lambda match: f"{match[1]}{help_text(match['command'])}{match[4]}", text)


def page() -> str:
    """The whole of ``docs/commands.md``."""
    sections = (
        f"\n## gitless {name}\n\n<!-- help: gitless {name} -->\n```text\n{help_text(name)}```\n" for name in _names()
    )
    return _HEAD + "".join(sections)


def _names() -> Iterator[str]:
    context = click.Context(application)
    for name in COMMANDS:
        yield name
        found = application.get_command(context, name)
        if isinstance(found, click.Group):
            yield from (f"{name} {inner}" for inner in found.list_commands(click.Context(found)))


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    README.write_text(with_current_help(README.read_text()))
    PAGE.write_text(page())
