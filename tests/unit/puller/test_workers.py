"""Threads that take turns."""

from __future__ import annotations

import time
from threading import Event

import pytest

from pipeline.puller import workers
from pipeline.puller.keys import Key
from pipeline.puller.queue import Turn, WorkQueue
from pipeline.puller.workers import Workers

SLOW, QUICK = Key("Kustomization", "shop", "slow"), Key("Kustomization", "shop", "quick")


def test_slow_turns_do_not_keep_the_others_from_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SLOW", 0.01)
    queue = WorkQueue(time.monotonic)
    goes_on, is_done = Event(), Event()

    def work(turn: Turn) -> None:
        if turn.key == SLOW:
            goes_on.wait(5)
        else:
            is_done.set()

    made = Workers(queue, work, concurrency=1)
    made.start()
    queue.add(SLOW)
    while made.active == 0:
        time.sleep(0.002)
    queue.add(QUICK)
    assert not is_done.wait(0.05)
    made.look_after()

    assert is_done.wait(5)
    goes_on.set()
    assert made.stop(timeout=5)


def test_stopping_waits_for_what_is_under_way_and_gives_no_more_turns() -> None:
    queue = WorkQueue(time.monotonic)
    taken: list[Key] = []
    goes_on = Event()

    def work(turn: Turn) -> None:
        taken.append(turn.key)
        goes_on.wait(5)

    made = Workers(queue, work, concurrency=1)
    made.start()
    queue.add(SLOW)
    while made.active == 0:
        time.sleep(0.002)
    queue.add(QUICK)

    assert not made.stop(timeout=0.01)
    goes_on.set()
    assert made.stop(timeout=5)
    assert taken == [SLOW]
