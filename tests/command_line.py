"""What a test sees of one run of the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded


@dataclass(frozen=True)
class Outcome:
    """The exit code, and standard output and standard error apart."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def command_line(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """What runs a command line in this process, with what it writes apart from the test's own output."""

    def run(*arguments: str) -> Outcome:
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
