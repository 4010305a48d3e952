"""A clock that passes only when somebody sleeps."""

from __future__ import annotations


class MemoryClock:
    """Starts at a fixed second; ``sleep`` moves it on at once."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start
        self.slept: list[float] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let the time pass, and remember it."""
        self.slept.append(seconds)
        self._now += seconds
