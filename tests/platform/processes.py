"""Starting programs so that none of them outlives the platform it belongs to."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from . import reaper
from .errors import PlatformError

RECORDS = "run"
_STARTED_REAPER: list[subprocess.Popen[str]] = []


@dataclass(frozen=True, kw_only=True)
class Record:
    """Enough about a started program to recognise it later, from another process."""

    name: str
    pid: int
    started: int
    program: str

    def alive(self) -> bool:
        """Whether this very process still runs (not another with its number)."""
        return reaper.start_time(self.pid) == self.started and self.program in _command_line(self.pid)

    def kill(self) -> None:
        """End it with its group and wait until it is gone.

        At once, without a grace period: all of it is throw-away data, and the API
        server would spend many seconds on closing watches politely.
        """
        if self.alive():
            reaper.kill_group(self.pid, self.started)
        wait_until(lambda: not self.alive(), seconds=10, what=f"the end of {self.name}", interval=0.01)


class Running(ABC):
    """Something that was started, and is stopped at the end of a ``with``."""

    @abstractmethod
    def stop(self) -> None:
        """End it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class ProcessGroup:
    """The programs of one platform, stopped together.

    ``detached`` programs live on after this process; ``stop_recorded`` ends them.
    """

    def __init__(self, directory: Path, *, detached: bool = False) -> None:
        self.logs = directory / "logs"
        self._records = directory / RECORDS
        self._detached = detached
        self._owner = os.getpid()
        self._running: list[tuple[Record, subprocess.Popen[bytes]]] = []
        self._commands: dict[str, tuple[Sequence[str | Path], Mapping[str, str] | None]] = {}
        for folder in (self.logs, self._records):
            folder.mkdir(parents=True, exist_ok=True)
        if not detached:
            atexit.register(self.stop)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        again: bool = False,
    ) -> Path:
        """Start a program, its output in a log file; returns that file.

        ``environment`` is added to the little that programs get; ``again`` goes on in the log file of before.
        """
        log = self.logs / f"{name}.log"
        with log.open("ab" if again else "wb") as output:
            process = _spawn(command, output, home=self._records.parent, environment=environment or {})
        started = reaper.start_time(process.pid)
        record = Record(name=name, pid=process.pid, started=started or 0, program=str(command[0]))
        self._running.append((record, process))
        self._commands[name] = (command, environment)
        (self._records / f"{name}.json").write_text(json.dumps(vars(record)))
        if not self._detached and started is not None:
            _tell_reaper(record)
        return log

    def end(self, name: str, *, politely: float = 0.0) -> int:
        """End one program and return its exit code.

        It is killed at once, or asked to end and given that many seconds for it.
        """
        record, process = next(entry for entry in self._running if entry[0].name == name)
        if politely:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(politely)
        if process.poll() is None:
            reaper.kill_group(record.pid, record.started)
        self._running.remove((record, process))
        (self._records / f"{record.name}.json").unlink(missing_ok=True)
        return process.wait()

    def wait_end(self, name: str, *, seconds: float) -> int:
        """Wait until a program ends by itself and return its exit code."""
        process = next(process for record, process in self._running if record.name == name)
        return process.wait(seconds)

    def restart(self, name: str) -> None:
        """Start a program that was ended once more, by the same command."""
        command, environment = self._commands[name]
        self.start(name, command, environment=environment, again=True)

    def check(self) -> None:
        """Raise with the end of the log when one of the programs has ended by itself."""
        for record, process in self._running:
            code = process.poll()
            if code is not None:
                log = self.logs / f"{record.name}.log"
                text = log.read_text(errors="replace").strip()
                raise PlatformError(f"{record.name} ended with code {code}:\n{text[-3000:]}", hint=f"whole log: {log}")

    def wait(self, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait for a condition while all programs keep running."""

        def satisfied() -> bool:
            self.check()
            return ready()

        try:
            wait_until(satisfied, seconds=seconds, what=what)
        except TimeoutError as error:
            raise PlatformError(str(error), hint=f"logs: {self.logs}") from error

    def stop(self) -> None:
        """End all programs, latest first; harmless when done twice."""
        atexit.unregister(self.stop)
        if os.getpid() != self._owner:
            return  # A forked copy of the test process has nothing to stop.
        while self._running:
            record, process = self._running.pop()
            if process.poll() is None:
                reaper.kill_group(record.pid, record.started)
            process.wait()
            (self._records / f"{record.name}.json").unlink(missing_ok=True)


def recorded(directory: Path) -> list[Record]:
    """What the records under this directory say was started, oldest first."""
    found = []
    for path in directory.glob(f"**/{RECORDS}/*.json"):
        with suppress(ValueError, TypeError):  # A half-written record describes nothing.
            found.append(Record(**json.loads(path.read_text())))
    return sorted(found, key=lambda record: record.started)


def stop_recorded(directory: Path) -> list[str]:
    """End every recorded program that still is the one recorded; returns their names."""
    alive = [record for record in recorded(directory) if record.alive()]
    for record in reversed(alive):
        record.kill()
    for path in directory.glob(f"**/{RECORDS}/*.json"):
        path.unlink(missing_ok=True)
    return [record.name for record in alive]


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str, interval: float = 0.05) -> None:
    """Poll until ``ready`` or raise ``TimeoutError`` naming what was waited for."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(interval)


def _spawn(
    command: Sequence[str | Path], output: IO[bytes], *, home: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    # These programs also take settings from the environment (ETCD_..., REGISTRY_...)
    # and from the home directory: the caller's must not reach them.
    own = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)}
    # A session of its own: Ctrl-C reaches us first, and the whole group can be killed.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**own, **environment},
        start_new_session=True,
    )


def _tell_reaper(record: Record) -> None:
    if not _STARTED_REAPER:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        _STARTED_REAPER.append(process)
        # Whichever comes first at exit, this or a group's own stop: both end everything.
        atexit.register(_dismiss_reaper)
    pipe = _STARTED_REAPER[0].stdin
    if pipe is not None:
        pipe.write(f"{record.pid} {record.started}\n")
        pipe.flush()


def _dismiss_reaper() -> None:
    while _STARTED_REAPER:
        process = _STARTED_REAPER.pop()
        process.communicate()


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
