"""What is printed of the puller's measurements, and what we aim at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.counting import Counts
from tests.bench.usage import Cpu

READY_SECONDS: Mapping[int, float] = {500: 35.0, 1000: 75.0}
NO_OP_SECONDS: Mapping[int, float] = {500: 10.0}
NO_OP_CPU: Mapping[int, float] = {500: 5.0}
PEAK: Mapping[int, float] = {1000: 150.0}
IDLE: Mapping[int, float] = {1000: 80.0}
REVISION_SECONDS = 2.0

_ROW = "{:<36} {:<12} {:>5} {:>8} {:>7} {:>8} {:>7} {:>9} {:>8} {:>7} {:>8} {:>8} {:>7} {:>8}  {}"
HEADER = _ROW.format(
    *("case", "names by", "apps", "s", "aim s", "cpu s", "tools s", "server s"),
    *("MiB now", "peak", "tools", "API", "per rec", "served", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One phase: times in seconds, memory in MiB, requests as counted by those who made and served them."""

    case: str
    variant: str
    applications: int
    seconds: float
    cpu: Cpu
    server_cpu: Cpu
    resident: float
    peak: float
    programs_peak: float
    counts: Counts
    ours: int
    """Requests that the bench itself has sent; they are left out of what was served."""
    aim: float | None = None
    cpu_aim: float | None = None
    peak_aim: float | None = None
    resident_aim: float | None = None

    @property
    def misses(self) -> list[str]:
        """The aims that were not reached."""
        aims = (
            ("seconds", self.seconds, self.aim),
            ("cpu", self.cpu.own + self.cpu.children, self.cpu_aim),
            ("peak", self.peak, self.peak_aim),
            ("memory", self.resident, self.resident_aim),
        )
        return [f"{name} {reached:.1f} > {aim:.0f}" for name, reached, aim in aims if aim is not None and reached > aim]

    @property
    def is_judged(self) -> bool:
        """Whether there is an aim at all."""
        return any(aim is not None for aim in (self.aim, self.cpu_aim, self.peak_aim, self.resident_aim))

    def __str__(self) -> str:
        reconciled = self.counts.reconciled
        verdict = "MISS " + ", ".join(self.misses) if self.misses else "ok" if self.is_judged else ""
        return _ROW.format(
            self.case,
            self.variant,
            self.applications,
            f"{self.seconds:.2f}",
            "" if self.aim is None else f"{self.aim:.0f}",
            f"{self.cpu.own:.1f}",
            f"{self.cpu.children:.1f}",
            f"{self.server_cpu.own:.1f}",
            f"{self.resident:.0f}",
            f"{self.peak:.0f}",
            f"{self.programs_peak:.0f}",
            f"{self.counts.asked:.0f}",
            f"{self.counts.asked / reconciled:.1f}" if reconciled else "",
            f"{self.counts.served - self.ours:.0f}",
            verdict,
        )
