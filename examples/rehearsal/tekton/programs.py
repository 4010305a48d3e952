"""Starting a step's program: no shell, nothing of our own environment, and an end to it."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.rehearsal.tekton.errors import TektonError

MOST_IN_ONE = 128 * 1024
"""Bytes that Linux takes in one argument or variable (MAX_ARG_STRLEN)."""
_RUNNING: set[subprocess.Popen[bytes]] = set()
_SHEBANG = "#!/bin/sh\nset -e\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; ``code`` is negative for a signal."""

    code: int
    is_timed_out: bool = False


def write_script(script: str, file: Path) -> Path:
    """The script as a program; one without an interpreter is for ``/bin/sh``, and ends with the first failure."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script if script.strip().startswith("#!") else _SHEBANG + script)
    file.chmod(0o700)
    return file


def run(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, seconds: float | None
) -> Ended:
    """Run a program until it ends or its time is over; everything it says goes into ``log``.

    Raises:
        TektonError: it cannot be started.
    """
    _check_sizes(command, environment)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                [_found(command[0], environment.get("PATH", "")), *command[1:]],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise TektonError(f"{command[0]} cannot be started: {_words(error)}", reason="StartError") from error
        _RUNNING.add(process)
        try:
            return Ended(process.wait(seconds))
        except subprocess.TimeoutExpired:
            return Ended(-signal.SIGKILL, is_timed_out=True)
        finally:
            _end(process)
            _RUNNING.discard(process)


def end_everything() -> None:
    """End what runs in whatever thread: somebody has interrupted the whole."""
    for process in tuple(_RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _check_sizes(command: Sequence[str], environment: Mapping[str, str]) -> None:
    named = [(f"its argument {index}", item) for index, item in enumerate(command)]
    named += [(f"the variable {name}", f"{name}={value}") for name, value in environment.items()]
    for name, text in named:
        size = len(text.encode("utf-8", "surrogateescape")) + 1
        if size > MOST_IN_ONE:
            raise TektonError(
                f"the container cannot be started: {name} has {size} bytes, and Linux takes at most {MOST_IN_ONE}",
                reason="StartError",
            )


def _found(program: str, path: str) -> str:
    """The program in the PATH that the container has, and not in ours."""
    if "/" in program:
        return program
    for folder in path.split(os.pathsep):
        file = Path(folder, program)
        if file.is_file() and os.access(file, os.X_OK):
            return str(file)
    raise FileNotFoundError(errno.ENOENT, "it is not on the PATH that stands for the image")


def _words(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing that a step started outlives it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
