"""External programs for a process of many threads: as ``command``, without a fork in Python.

``command`` starts programs by forking, which only a process without other threads may do. Here they are started by
``posix_spawn``'s kin in C, and the streams are anonymous memory, so that nothing a program is given or says, be it a
secret, reaches a disk.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO

from pipeline.command import TIMEOUT, Output, child_environment, failure
from pipeline.errors import ToolError
from pipeline.ports import Environment


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has come to its end: negative exit codes are signals."""

    exit_code: int
    stdout: bytes
    stderr: str


def run_threaded(
    argv: Sequence[str | PurePath],
    *,
    environment: Environment,
    extra: Mapping[str, str] | None = None,
    cwd: PurePath | None = None,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
) -> Output:
    """Run a program, which must succeed; see ``run_to_end``.

    Raises:
        ToolError: it cannot be started, ended with an exit code other than 0, or ran out of time.
    """
    ended = run_to_end(argv, environment=environment, extra=extra, cwd=cwd, stdin=stdin, timeout=timeout)
    if ended.exit_code != 0:
        raise failure(Path(argv[0]).name, ended.stderr, exit_code=ended.exit_code)
    return Output(ended.stdout, ended.stderr)


def run_to_end(
    argv: Sequence[str | PurePath],
    *,
    environment: Environment,
    extra: Mapping[str, str] | None = None,
    cwd: PurePath | None = None,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
) -> Ended:
    """Run a program to its end, killing it and all that it has started when the ``timeout`` (seconds) is over.

    Of ``environment`` it is given what any program may know, and all of ``extra``.

    Raises:
        ToolError: it cannot be started, or ran out of time.
    """
    program, name = str(argv[0]), Path(argv[0]).name
    with _memory() as given, _memory() as said, _memory() as complained:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - a list, never a shell; the program is one we chose
                [program, *map(str, argv[1:])],
                stdin=given,
                stdout=said,
                stderr=complained,
                env={**child_environment(environment), **(extra or {})},
                cwd=cwd,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "impossible arguments"
            raise ToolError(f"{program} cannot be started: {reason}") from None
        timed_out = False
        try:
            timed_out = not _has_ended(process, timeout)
        finally:
            # Also when we are interrupted; and nothing that it has started may outlive it.
            _kill(process)
        complained.seek(max(0, complained.seek(0, os.SEEK_END) - 65536))
        stderr = complained.read().decode(errors="replace").strip()
        if timed_out:
            raise failure(name, stderr, exit_code=process.returncode, timeout=timeout)
        said.seek(0)
        return Ended(process.returncode, said.read(), stderr)


def _memory() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("gitless"), "w+b")
    return tempfile.TemporaryFile(prefix="gitless-")


def _has_ended(process: subprocess.Popen[bytes], timeout: float) -> bool:
    """Wait; ``Popen``'s own way looks at the clock up to twenty times a second, which costs 25 ms on average."""
    if hasattr(os, "pidfd_open"):
        handle = os.pidfd_open(process.pid)
        try:
            waiting = select.poll()
            waiting.register(handle, select.POLLIN)
            return bool(waiting.poll(timeout * 1000))
        finally:
            os.close(handle)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        # It leads its group, whose id is nobody else's as long as it has not been waited for.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
