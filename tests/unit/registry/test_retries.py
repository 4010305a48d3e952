from __future__ import annotations

import pytest

from pipeline.registries.oci.retries import Patience, is_worth_retrying, retry_after

NOON = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


class Waiting:
    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        return NOON + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
        (None, None),
        ("9" * 5000, 999999999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOON) == seconds


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_trouble_is_worth_another_try(status: int) -> None:
    assert is_worth_retrying(status, idempotent=False)


@pytest.mark.parametrize("status", [200, 307, 400, 401, 403, 404, 409, 413, 501])
def test_final_answers_are_not_retried(status: int) -> None:
    assert not is_worth_retrying(status, idempotent=True)


def test_server_error_is_retried_only_where_repeating_does_no_harm() -> None:
    assert is_worth_retrying(500, idempotent=True)
    assert not is_worth_retrying(500, idempotent=False)


def test_waits_grow_and_end_within_seconds() -> None:
    clock = Waiting()
    patience = Patience(clock)

    while patience.after_status(None):
        pass

    assert len(clock.waits) == 4
    assert clock.waits[3] > clock.waits[0]
    assert sum(clock.waits) < 10


def test_lost_connections_are_retried_briefly() -> None:
    clock = Waiting()
    patience = Patience(clock)

    while patience.after_lost_connection():
        pass

    assert len(clock.waits) == 2
    assert sum(clock.waits) < 2


def test_what_the_registry_asks_for_is_waited_exactly() -> None:
    clock = Waiting()

    assert Patience(clock).after_status(3.0)
    assert clock.waits == [3.0]


def test_wait_beyond_the_budget_is_given_up_at_once() -> None:
    clock = Waiting()
    patience = Patience(clock)

    assert patience.after_status(20.0)
    assert not patience.after_status(11.0)
    assert not Patience(clock).after_status(3600.0)
    assert clock.waits == [20.0]
