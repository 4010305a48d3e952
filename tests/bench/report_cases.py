"""HTML reports: how long one takes to write, to open in Chromium, and to filter there, and the memory that costs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.cases import Bench
from tests.bench.measuring import Sample, Series, measure
from tests.bench.usage import Process
from tests.platform.chromium import Chromium, Tab

_QUERIES = ("a", "service-0042", "team-07 image", "deployment team-01 sha256", "nowhere")
# Until what was asked for is on the screen: the frame after the one in which it is computed.
_FILTER = """
new Promise(done => {{
  const field = document.getElementById('search');
  const begun = performance.now();
  field.value = {words!r};
  field.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => setTimeout(() => done((performance.now() - begun) / 1000)));
}})
"""


@dataclass(frozen=True, slots=True)
class ReportCase:
    """One row; ``aim`` is in seconds."""

    name: str
    objects: int
    aim: float
    run: Callable[[int], Series]


def report_cases(bench: Bench, browser: Chromium, changes: int) -> Iterator[ReportCase]:
    """Writing, opening and filtering a page of so many changes."""
    file = bench.folder / f"report-{changes}.html"
    command = [sys.executable, "-m", "tests.bench.report_page", str(changes), str(file)]

    def written(runs: int) -> Series:
        # From the checkout: the material is a module of its tests.
        return Series(tuple(_measured(command, bench) for _ in range(runs)))

    def opened(runs: int) -> Series:
        samples = []
        for _ in range(runs):
            tab = _open(browser, file)
            seconds = tab.evaluate("performance.getEntriesByName('ready')[0].startTime") / 1000
            samples.append(Sample(seconds, _renderer_memory(browser)))
            tab.close()
        return Series(tuple(samples))

    def filtered(runs: int) -> Series:
        tab = _open(browser, file)
        slowest = [max(tab.evaluate(_FILTER.format(words=words)) for words in _QUERIES) for _ in range(runs)]
        memory = _renderer_memory(browser)
        tab.close()
        return Series(tuple(Sample(seconds, memory) for seconds in slowest))

    yield ReportCase("write an HTML report (the whole process)", changes, 5.0, written)
    yield ReportCase("open it in Chromium until it can be used", changes, 2.0, opened)
    yield ReportCase("filter in it, the slowest of five searches", changes, 0.2, filtered)


def _measured(command: list[str], bench: Bench) -> Sample:
    environment = {**bench.environment, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return measure(command, environment=environment, folder=bench.folder)


def _open(browser: Chromium, file: Path) -> Tab:
    tab = browser.open(file)
    tab.settle()
    return tab


def _renderer_memory(browser: Chromium) -> float:
    """MiB of the largest process of the browser."""
    return max(process.resident() for process in Process(browser.pid).descendants())
