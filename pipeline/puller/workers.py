"""Threads that take turns from the queue; a slow object does not keep the others from theirs."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock, Thread, current_thread

from pipeline.puller.queue import Turn, WorkQueue

SLOW = 5.0
"""Seconds after which a turn no longer counts against the concurrency: it waits for somebody, and another may work."""
_MOST = 20
"""So many times the concurrency is the most that may be under way, slow ones included."""
_IDLE = 1.0


class Workers:
    """So many turns at once, and one more for each that has become slow."""

    def __init__(self, queue: WorkQueue, work: Callable[[Turn], None], *, concurrency: int) -> None:
        """``work`` must not raise; ``concurrency`` is how many turns may be under way that are not slow."""
        self._queue = queue
        self._work = work
        self._concurrency = concurrency
        self._lock = Lock()
        self._busy: dict[Thread, float] = {}
        self._threads: set[Thread] = set()
        self._stopped = False

    def start(self) -> None:
        """Begin."""
        for _ in range(self._concurrency):
            self._spawn()

    def look_after(self) -> None:
        """Let another thread work for each that is slow; to be called about once a second."""
        now = time.monotonic()
        with self._lock:
            slow = sum(now - since > SLOW for since in self._busy.values())
            wanted = min(self._concurrency + slow, self._concurrency * _MOST)
            missing = wanted - len(self._threads)
        for _ in range(missing):
            self._spawn()

    @property
    def active(self) -> int:
        """How many turns are under way."""
        with self._lock:
            return len(self._busy)

    def stop(self, *, timeout: float) -> bool:
        """Give no more turns, and wait so many seconds for those under way; returns whether all have ended."""
        self._stopped = True
        self._queue.close()
        deadline = time.monotonic() + timeout
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _spawn(self) -> None:
        thread = Thread(target=self._run, name="worker", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _run(self) -> None:
        me = current_thread()
        try:
            while not self._stopped and not self._leaves(me):
                turn = self._queue.next(_IDLE)
                if turn is None:
                    continue
                with self._lock:
                    self._busy[me] = time.monotonic()
                try:
                    self._work(turn)
                finally:
                    with self._lock:
                        self._busy.pop(me, None)
                    self._queue.done(turn.key)
        finally:
            with self._lock:
                self._threads.discard(me)

    def _leaves(self, me: Thread) -> bool:
        """Whether this thread ends, for there are more than needed since slow turns have ended."""
        now = time.monotonic()
        with self._lock:
            slow = sum(now - since > SLOW for since in self._busy.values())
            if len(self._threads) <= self._concurrency + slow:
                return False
            self._threads.discard(me)
            return True
