"""Many requests at once, but not too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class _NotStartedError(Exception):
    """Another item failed first."""


def in_parallel(work: Callable[[Item], Outcome], items: Sequence[Item], *, concurrency: int) -> list[Outcome]:
    """Do the work for every item, in threads; the outcomes come in the items' order.

    After the first failure nothing more is started, what is under way is waited for, and the failure is raised.
    """
    if concurrency <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    stopped = Event()

    def unless_stopped(item: Item) -> Outcome:
        if stopped.is_set():
            raise _NotStartedError
        try:
            return work(item)
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(min(concurrency, len(items))) as pool:
        futures: list[Future[Outcome]] = [pool.submit(unless_stopped, item) for item in items]
        try:
            wait(futures)
        except BaseException:
            # Interrupted: leaving the block waits for the threads, which must find nothing more to do.
            stopped.set()
            raise
    failures = [future.exception() for future in futures]
    for failure in failures:
        if failure is not None and not isinstance(failure, _NotStartedError):
            raise failure
    return [future.result() for future in futures]
