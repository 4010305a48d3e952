"""The error boundary: whatever happens below ends here as one message on stderr and one exit code."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
import sys
import traceback
from itertools import pairwise

import click
from click.core import ParameterSource

from pipeline.cli import presence
from pipeline.errors import ConfigurationError, PipelineError

INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
NOBODY_READS = 141
"""128 + SIGPIPE, the same way."""
_CHANGES = 3
"""What ``--exit-code`` ends with where the sides differ."""
_FAILED_WRITES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
# Also the marks that turn the direction of writing: they make a name look like another.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def open_streams() -> None:
    """Give every standard stream that the caller closed a place to go, and let names that are no UTF-8 be printed.

    A closed stream is ``None`` to Python, and its number would go to the next file that is opened.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            with contextlib.suppress(OSError):
                descriptor = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
                setattr(sys, name, os.fdopen(descriptor, "w" if number else "r", encoding="utf-8"))
        elif number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run_guarded(command: click.Command, arguments: list[str]) -> int:
    """Run the command and turn its outcome into an exit code; never raises.

    Where a CI can be told, it is told about every exit code but 0.
    """
    presence.reset()
    try:
        result = command.main(args=arguments, prog_name="gitless", standalone_mode=False)
    except PipelineError as error:
        _print_error(error, arguments)
        return error.exit_code
    except click.exceptions.Exit as stop:
        result = stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        presence.tell_failure("interrupted", None, arguments)
        return INTERRUPTED
    except click.ClickException as error:
        _print_usage_error(error, arguments)
        return 2
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has gone, which click turns into an exit of its own. Not 0: work may be left undone.
        _abandon_stdout()
        presence.tell_failure("nobody reads the output any more", None, arguments, is_summed=False)
        return NOBODY_READS
    except Exception as error:  # noqa: BLE001 - the boundary: anything unforeseen is a bug, reported as such
        return _after_the_unforeseen(error, arguments)
    # Outside of its standalone mode, click hands an exit's code over as the result.
    code = result if isinstance(result, int) else 0
    if code:
        why = "there are changes" if code == _CHANGES else "it says why above"
        presence.tell_failure(f"{why} (exit code {code})", None, arguments, is_summed=False)
    return code


def _after_the_unforeseen(error: Exception, arguments: list[str]) -> int:
    """A full disk behind standard output is no bug; no port lets such an error through, and files have names."""
    if isinstance(error, OSError) and error.filename is None and error.errno in _FAILED_WRITES:
        _abandon_stdout()
        _print_error(ConfigurationError(f"standard output cannot be written: {error.strerror}"), arguments)
        return ConfigurationError.exit_code
    _print_bug(error, arguments)
    return 1


def _abandon_stdout() -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain while it flushes."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _wants_json(arguments: list[str]) -> bool:
    if os.environ.get("GITLESS_LOG_FORMAT") == "json" and not any("--log-format" in given for given in arguments):
        return True
    return "--log-format=json" in arguments or any(pair == ("--log-format", "json") for pair in pairwise(arguments))


def _print_error(error: PipelineError, arguments: list[str]) -> None:
    _write_error(error, arguments)
    presence.tell_failure(error.message, error.hint, arguments)


def _write_error(error: PipelineError, arguments: list[str]) -> None:
    if _wants_json(arguments):
        document = {"level": "error", "message": error.message, "code": error.code, "hint": error.hint}
        _say(json.dumps(document, ensure_ascii=False))
        return
    _say(f"Error: {_visible(error.message)}")
    if error.hint:
        _say(f"  {_visible(error.hint)}")


def _print_usage_error(error: click.ClickException, arguments: list[str]) -> None:
    variable = _variable_behind(error)
    hint = f"the value comes from the environment: {variable}" if variable else _variable_missing(error)
    _write_usage_error(error, hint, arguments)
    presence.tell_failure(error.format_message(), hint, arguments)


def _write_usage_error(error: click.ClickException, hint: str | None, arguments: list[str]) -> None:
    if _wants_json(arguments):
        document = {"level": "error", "message": error.format_message(), "code": "usage", "hint": hint}
        _say(json.dumps(document, ensure_ascii=False))
        return
    with contextlib.suppress(OSError):
        error.show(sys.stderr)
    if hint:
        _say(f"  {hint}")


def _variable_behind(error: click.ClickException) -> str | None:
    """The environment variable with the wrong value, which nobody sees on the command line."""
    if not isinstance(error, click.BadParameter) or error.ctx is None or error.param is None:
        return None
    if error.ctx.get_parameter_source(error.param.name or "") is not ParameterSource.ENVIRONMENT:
        return None
    names = error.param.envvar
    return names if isinstance(names, str) else ", ".join(names or ())


def _variable_missing(error: click.ClickException) -> str | None:
    """The environment variable that would do as well: a step of a CI has nothing else."""
    if not isinstance(error, click.MissingParameter) or error.param is None or not isinstance(error.param.envvar, str):
        return None
    return f"give it, or set {error.param.envvar} to something that is not empty"


def _visible(text: str) -> str:
    """Control characters of names, written out: a terminal would obey them."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(presence.shielded(line + "\n"))


def _print_bug(error: Exception, arguments: list[str]) -> None:
    if any(argument in arguments for argument in ("-v", "--verbose")):
        traceback.print_exception(error, file=sys.stderr)
    sys.stderr.write(f"Error: a bug in gitless: {type(error).__name__}: {error}\n")
    sys.stderr.write("  run again with -v to see where, and please report it\n")
    presence.tell_failure(f"a bug in gitless: {type(error).__name__}", "run again with -v", arguments)
