from __future__ import annotations

from pipeline.puller.keys import Key
from pipeline.puller.queue import WorkQueue

A, B = Key("Kustomization", "shop", "a"), Key("Kustomization", "shop", "b")


class _Now:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def _queue() -> tuple[WorkQueue, _Now]:
    now = _Now()
    return WorkQueue(now), now


def _next(queue: WorkQueue) -> Key | None:
    turn = queue.next(0.0)
    return None if turn is None else turn.key


def test_turns_come_in_the_order_in_which_they_are_due() -> None:
    queue, now = _queue()
    queue.add(A, after=5)
    queue.add(B, after=2)

    assert _next(queue) is None
    now.seconds += 3
    assert _next(queue) == B
    now.seconds += 3
    assert _next(queue) == A


def test_an_object_that_is_added_twice_has_one_turn() -> None:
    queue, _ = _queue()
    queue.add(A)
    queue.add(A)

    assert _next(queue) == A
    queue.done(A)
    assert _next(queue) is None


def test_what_is_added_during_a_turn_waits_for_its_end() -> None:
    queue, _ = _queue()
    queue.add(A)
    assert _next(queue) == A
    queue.add(A)

    assert _next(queue) is None
    queue.done(A)
    assert _next(queue) == A


def test_an_earlier_turn_replaces_a_later_one_and_not_the_other_way_round() -> None:
    queue, now = _queue()
    queue.add(A, after=600)
    queue.add(A)
    queue.add(A, after=600)

    assert _next(queue) == A
    queue.done(A)
    now.seconds += 601
    assert _next(queue) is None


def test_a_turn_knows_when_the_last_reason_for_it_came_up() -> None:
    queue, now = _queue()
    queue.add(A, after=1)
    now.seconds += 5
    queue.add(A)
    now.seconds += 5

    turn = queue.next(0.0)

    assert turn is not None
    assert turn.since == 105.0


def test_a_forgotten_object_has_no_turn() -> None:
    queue, now = _queue()
    queue.add(A, after=1)
    queue.forget(A)
    now.seconds += 2

    assert _next(queue) is None
    assert queue.depth == 0


def test_depth_counts_whose_turn_has_come() -> None:
    queue, now = _queue()
    queue.add(A)
    queue.add(B, after=10)

    assert queue.depth == 1
    now.seconds += 10
    assert queue.depth == 2


def test_a_closed_queue_gives_no_turns() -> None:
    queue, _ = _queue()
    queue.add(A)
    queue.close()

    assert _next(queue) is None
