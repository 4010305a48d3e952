"""The README's help blocks are the program's own words: ``--write`` puts them there, the test compares.

A block begins after a line ``<!-- help: gitless COMMAND -->`` and is fenced as text.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from click.testing import CliRunner

from pipeline.cli import application

README = Path(__file__).resolve().parents[2] / "README.md"
_BLOCK = re.compile(r"(<!-- help: gitless ?(?P<command>[a-z -]*) -->\n```text\n)(?P<body>.*?)(```\n)", re.DOTALL)


def help_text(command: str) -> str:
    """What ``gitless COMMAND --help`` prints, 100 columns wide."""
    result = CliRunner().invoke(
        application, [*command.split(), "--help"], prog_name="gitless", terminal_width=100, max_content_width=100
    )
    if result.exit_code:
        raise RuntimeError(f"gitless {command} --help failed: {result.output}")
    return result.output


def commands_shown(text: str) -> list[str]:
    """The commands whose help the text shows."""
    return [match["command"] for match in _BLOCK.finditer(text)]


def with_current_help(text: str) -> str:
    """The text with every block as the program has it now."""
    return _BLOCK.sub(lambda match: f"{match[1]}{help_text(match['command'])}{match[4]}", text)


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    README.write_text(with_current_help(README.read_text()))
