"""What processes have used, as the operating system counts it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of CPU: the process's own, and those of its children that have ended."""

    own: float = 0.0
    children: float = 0.0

    def __sub__(self, before: Cpu) -> Cpu:
        return Cpu(self.own - before.own, self.children - before.children)

    def __add__(self, other: Cpu) -> Cpu:
        return Cpu(self.own + other.own, self.children + other.children)


@dataclass(frozen=True, slots=True)
class Process:
    """A running program."""

    pid: int

    @classmethod
    def recorded(cls, directory: Path, name: str) -> Process:
        """One that the test platform has started under that directory."""
        return cls(int(json.loads((directory / "run" / f"{name}.json").read_text())["pid"]))

    def cpu(self) -> Cpu:
        """So far."""
        # The program's name, in parentheses, may itself hold blanks and parentheses.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        user, system, of_children, system_of_children = (int(field) / _TICKS for field in fields[11:15])
        return Cpu(user + system, of_children + system_of_children)

    def arguments(self) -> list[str]:
        """Its command line."""
        return Path(f"/proc/{self.pid}/cmdline").read_text().split("\0")

    def resident(self) -> float:
        """MiB now; 0 where it has ended."""
        return self._status("VmRSS:")

    def peak(self) -> float:
        """The most MiB that it has had."""
        return self._status("VmHWM:")

    def descendants(self) -> Iterator[Process]:
        """The programs that it has started and that still run, and theirs."""
        for task in Path(f"/proc/{self.pid}/task").glob("*/children"):
            with suppress(OSError):
                for pid in task.read_text().split():
                    child = Process(int(pid))
                    yield child
                    yield from child.descendants()

    def _status(self, key: str) -> float:
        with suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith(key):
                    return int(line.split()[1]) / 1024
        return 0.0


class Peak:
    """Watches from ``with`` to its end how much memory certain processes take together."""

    def __init__(self, processes: Callable[[], Iterable[Process]]) -> None:
        self.mebibytes = 0.0
        self._processes = processes
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            together = sum(process.resident() for process in self._processes())
            self.mebibytes = max(self.mebibytes, together)
