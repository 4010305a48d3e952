"""The command line: parse, wire, call a stage, report. The one place where errors become exit codes."""

from __future__ import annotations

import os
import sys

from pipeline.cli.application import application
from pipeline.cli.boundary import open_streams, run_guarded

__all__ = ["application", "main"]


def main(arguments: list[str] | None = None) -> None:
    """Run ``gitless`` with these arguments (the process's own by default) and leave with the table's exit code."""
    open_streams()
    if os.environ.get("_GITLESS_COMPLETE"):
        from pipeline.cli.completing_shells import answer

        answer(application)
    sys.exit(run_guarded(application, sys.argv[1:] if arguments is None else arguments))
