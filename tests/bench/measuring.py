"""Run a command as a whole process and read what the operating system says about it."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchError(Exception):
    """A measured command failed, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: wall time in seconds, peak memory of the largest process in MiB."""

    seconds: float
    memory: float


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
    def memory(self) -> float:
        """Largest peak memory in MiB."""
        return max(sample.memory for sample in self.samples)


def measure(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, accept: Sequence[int] = (0,)
) -> Sample:
    """Run once with output to a file.

    Raises:
        BenchError: it ended with a code that is not accepted; the end of its output is in the message.
    """
    log = folder / "measured.log"
    with log.open("wb") as stream:
        begun = time.perf_counter()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=dict(environment), cwd=folder
        )
        # wait4 gives this child's own usage; psutil-like sampling would miss the peak.
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in accept:
        tail = log.read_text(errors="replace")[-2000:]
        raise BenchError(f"{' '.join(command)} ended with {child.returncode}:\n{tail}")
    return Sample(seconds, usage.ru_maxrss / 1024)
