"""The machine's own time, as ``ports.Clock``."""

from __future__ import annotations

import time


class SystemClock:
    """Real seconds."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
