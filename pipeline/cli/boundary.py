"""The error boundary: whatever happens below ends here as one message on stderr and one exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from itertools import pairwise

import click

from pipeline.errors import PipelineError

INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


def run_guarded(command: click.Command, arguments: list[str]) -> int:
    """Run the command and turn its outcome into an exit code; never raises."""
    try:
        result = command.main(args=arguments, prog_name="gitless", standalone_mode=False)
    except PipelineError as error:
        _print_error(error, arguments)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not complain while it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the boundary: anything unforeseen is a bug, reported as such
        _print_bug(error, arguments)
        return 1
    return result if isinstance(result, int) else 0


def _wants_json(arguments: list[str]) -> bool:
    return "--log-format=json" in arguments or any(pair == ("--log-format", "json") for pair in pairwise(arguments))


def _print_error(error: PipelineError, arguments: list[str]) -> None:
    if _wants_json(arguments):
        document = {"level": "error", "message": error.message, "code": error.code, "hint": error.hint}
        sys.stderr.write(json.dumps(document, ensure_ascii=False) + "\n")
        return
    sys.stderr.write(f"Error: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"  {error.hint}\n")


def _print_bug(error: Exception, arguments: list[str]) -> None:
    if any(argument in arguments for argument in ("-v", "--verbose")):
        traceback.print_exception(error, file=sys.stderr)
    sys.stderr.write(f"Error: a bug in gitless: {type(error).__name__}: {error}\n")
    sys.stderr.write("  run again with -v to see where, and please report it\n")
