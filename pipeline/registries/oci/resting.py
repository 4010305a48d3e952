"""Registries that kept us waiting for nothing, and are left alone for a moment.

A process with few workers and many repositories must not spend all of them on one registry that hangs: the first that
waited in vain tells the others, who fail at once instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

_Place = tuple[str, str | None]


class Resting:
    """By origin and proxy. Safe in many threads.

    ``slow`` is how long an exchange without an answer must have taken to count, ``rest`` how long the registry is then
    left alone, both in seconds; after that one request may try, and the others wait for what comes of it.
    """

    def __init__(self, *, slow: float = 3.0, rest: float = 20.0, now: Callable[[], float] = time.monotonic) -> None:
        self._slow = slow
        self._rest = rest
        self._now = now
        self._lock = Lock()
        self._until: dict[_Place, float] = {}

    def may_ask(self, place: _Place) -> bool:
        """Whether the registry may be asked now."""
        if not self._until:
            return True
        now = self._now()
        with self._lock:
            until = self._until.get(place)
            if until is None:
                return True
            if now < until:
                return False
            self._until[place] = now + self._rest
            return True

    def answered(self, place: _Place) -> None:
        """It did."""
        if self._until:
            with self._lock:
                self._until.pop(place, None)

    def lost(self, place: _Place, seconds: float) -> None:
        """It did not, for so long."""
        if seconds >= self._slow:
            with self._lock:
                self._until[place] = self._now() + self._rest
