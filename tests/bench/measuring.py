"""Run a command as a whole process and read what the operating system says about it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchError(Exception):
    """A measured command failed, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: wall time in seconds, peak memory of the largest process in MiB, processor time in seconds."""

    seconds: float
    memory: float
    processor: float = 0.0


@dataclass(frozen=True, slots=True)
class Series:
    """Several runs of one command."""

    samples: tuple[Sample, ...]

    @property
    def fastest(self) -> float:
        """Minimum wall time in seconds."""
        return min(sample.seconds for sample in self.samples)

    @property
    def median(self) -> float:
        """Median wall time in seconds."""
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def processor(self) -> float:
        """Median processor time in seconds, which says more than the wall's where the machine is busy."""
        return statistics.median(sample.processor for sample in self.samples)

    @property
    def memory(self) -> float:
        """Largest peak memory in MiB."""
        return max(sample.memory for sample in self.samples)


_WAITER = """
import json, os, sys, time
begun = time.perf_counter()
child = os.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    seconds = [time.perf_counter() - begun, usage.ru_utime + usage.ru_stime]
    json.dump([*seconds, usage.ru_maxrss, os.waitstatus_to_exitcode(status)], file)
"""
"""A small process that starts the measured one: a program's peak begins with that of whoever forked it."""


def measure(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, accept: Sequence[int] = (0,)
) -> Sample:
    """Run once with output to a file.

    Raises:
        BenchError: it ended with a code that is not accepted; the end of its output is in the message.
    """
    log, facts = folder / "measured.log", folder / "measured.json"
    with log.open("wb") as stream:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _WAITER, facts, *command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=dict(environment),
            cwd=folder,
            check=True,
        )
    seconds, processor, kibibytes, code = json.loads(facts.read_text())
    if code not in accept:
        tail = log.read_text(errors="replace")[-2000:]
        raise BenchError(f"{' '.join(command)} ended with {code}:\n{tail}")
    return Sample(seconds, kibibytes / 1024, processor)
