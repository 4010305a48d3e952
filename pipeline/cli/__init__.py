"""The command line: parse, wire, call a stage, report. The one place where errors become exit codes."""

from __future__ import annotations

import gc
import os
import sys

from pipeline.cli.application import application
from pipeline.cli.boundary import open_streams, run_guarded

__all__ = ["application", "main"]

_COLLECT_AFTER = 50_000
"""New objects until Python looks for cycles: nearly all that a command makes stays, and is walked through for nothing.

With Python's own 700, a third of the time of validating 5,000 objects goes there.
"""


def main(arguments: list[str] | None = None) -> None:
    """Run ``gitless`` with these arguments (the process's own by default) and leave with the table's exit code."""
    open_streams()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    if os.environ.get("_GITLESS_COMPLETE"):
        from pipeline.cli.completing_shells import answer

        answer(application)
    sys.exit(run_guarded(application, sys.argv[1:] if arguments is None else arguments))
