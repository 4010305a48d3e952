"""What a person sees while programs are built: where we are and what is honestly left."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from .cache import say
from .catalogue import MEASURED_ON_CPUS, Tool

QUIET_INTERVAL = 30.0
LIVE_INTERVAL = 0.5
_ERASE = "\r\x1b[K"


def expected_seconds(tool: Tool) -> float:
    """The measured cold time, scaled to the processors of this machine."""
    # Compiling spreads over processors, linking does not: never promise more than a 4x gain.
    return tool.cold_seconds * max(MEASURED_ON_CPUS / (os.cpu_count() or 1), 0.25)


class Progress:
    """Announces one tool after another; use it as a context around each build."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = list(tools)
        self._position = 0
        self._note = ""
        self._started = 0.0
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None

    def building(self, tool: Tool) -> Self:
        """Move on to ``tool``."""
        self._position = self._tools.index(tool)
        self._note = ""
        return self

    def waiting(self) -> None:
        """Say that another process is building the same tool."""
        self._note = ", another process is building it"
        self._show(final="")

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._over.clear()
        self._show(final="")
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._ticker is not None:
            self._ticker.join()
        self._show(final="failed" if kind else "done")

    def _tick(self) -> None:
        while not self._over.wait(LIVE_INTERVAL if sys.stderr.isatty() else QUIET_INTERVAL):
            self._show(final="")

    def _show(self, *, final: str) -> None:
        line = self._line(final)
        if not sys.stderr.isatty():
            say(line)
            return
        # A wrapped line could not be overwritten.
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(_ERASE + line[:width] + ("\n" if final else ""))
        sys.stderr.flush()

    def _line(self, final: str) -> str:
        tool = self._tools[self._position]
        head = f"({self._position + 1}/{len(self._tools)}) {tool.name}"
        elapsed = time.monotonic() - self._started
        if final:
            return f"{head}: {final} in {_clock(elapsed)}"
        left = expected_seconds(tool) - elapsed
        this = f"about {_clock(left)} left" if left > 0 else "longer than measured before"
        rest = sum(expected_seconds(later) for later in self._tools[self._position + 1 :])
        total = f", all: about {_clock(max(left, 0) + rest)}" if rest else ""
        return f"{head}: {_clock(elapsed)} elapsed, {this}{total}{self._note}"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60:02d} s"
