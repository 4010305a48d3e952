"""How long to wait before the next try: longer each time, for each object by itself."""

from __future__ import annotations

import random
from threading import Lock

from pipeline.puller.keys import Key

FIRST, LONGEST = 0.75, 900.0
"""Seconds, as for Flux's controllers."""


class Backoff:
    """Failures in a row, object by object. Safe in many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failures: dict[Key, int] = {}

    def failed(self, key: Key) -> float:
        """Count one more, and return the seconds to wait."""
        with self._lock:
            count = self._failures.get(key, 0)
            self._failures[key] = count + 1
        return min(LONGEST, FIRST * 2.0 ** min(count, 20)) * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load

    def succeeded(self, key: Key) -> None:
        """Start anew."""
        with self._lock:
            self._failures.pop(key, None)


def jittered(interval: float, share: float) -> float:
    """The interval, by up to that share shorter or longer, so that not everything is due at once."""
    return interval * random.uniform(1.0 - share, 1.0 + share)  # noqa: S311 - no secret
