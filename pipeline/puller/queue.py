"""What waits to be reconciled: each object at most once, at its time, and never twice at the same time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from pipeline.puller.keys import Key


@dataclass(frozen=True, slots=True)
class Turn:
    """An object whose turn it is; ``since`` (seconds, the queue's clock) is when the last reason for it came up."""

    key: Key
    since: float


class WorkQueue:
    """A queue by due time. Whatever is added while its object is being worked on waits until that is done."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._changed = Condition()
        self._due: dict[Key, float] = {}
        """When each waiting object's turn is; entries of the heap that say otherwise are out of date."""
        self._since: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._working: set[Key] = set()
        self._count = 0
        self._closed = False

    def add(self, key: Key, *, after: float = 0.0) -> None:
        """Ask for a turn in so many seconds; an earlier one that is asked for already stays."""
        with self._changed:
            now = self._now()
            due = now + after
            if after <= 0.0:
                self._since[key] = now
            if key in self._due and self._due[key] <= due:
                return
            self._due[key] = due
            self._since[key] = min(self._since.get(key, due), due)
            if key not in self._working:
                self._push(key, due)

    def next(self, timeout: float) -> Turn | None:
        """The next object whose turn has come; ``None`` after so many seconds, or once the queue is closed."""
        with self._changed:
            deadline = self._now() + timeout
            while not self._closed:
                now = self._now()
                self._drop_outdated()
                if self._heap and self._heap[0][0] <= now:
                    key = heapq.heappop(self._heap)[2]
                    del self._due[key]
                    self._working.add(key)
                    return Turn(key, self._since.pop(key, now))
                if now >= deadline:
                    return None
                wake = min(deadline, self._heap[0][0]) if self._heap else deadline
                self._changed.wait(max(0.0, wake - now))
            return None

    def done(self, key: Key) -> None:
        """The object's turn is over; what was asked for meanwhile counts from now on."""
        with self._changed:
            self._working.discard(key)
            if key in self._due:
                self._push(key, self._due[key])

    def forget(self, key: Key) -> None:
        """Nothing more is to be done about the object."""
        with self._changed:
            self._due.pop(key, None)
            self._since.pop(key, None)

    def close(self) -> None:
        """Wake everybody who waits; no more turns are given."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def depth(self) -> int:
        """How many objects' turn has come, or is asked for at once."""
        with self._changed:
            now = self._now()
            return sum(due <= now for due in self._due.values())

    def is_waiting(self, key: Key) -> bool:
        """Whether another turn is asked for at once."""
        with self._changed:
            return self._due.get(key, float("inf")) <= self._now()

    def _push(self, key: Key, due: float) -> None:
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, key))
        self._changed.notify()

    def _drop_outdated(self) -> None:
        while self._heap:
            due, _, key = self._heap[0]
            if key not in self._working and self._due.get(key) == due:
                return
            heapq.heappop(self._heap)
