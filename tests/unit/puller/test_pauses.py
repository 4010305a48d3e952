"""How long a watch rests after failures."""

from __future__ import annotations

import pytest

from pipeline.puller.pauses import LONGEST, Pauses, Trouble


def _after(*troubles: Trouble) -> float:
    pauses = Pauses(0.5)
    for trouble in troubles:
        pauses.failed(trouble)
    return pauses.seconds


def test_it_rests_longer_with_every_failure_in_a_row_but_never_for_long() -> None:
    away = Trouble.AWAY

    assert [_after(*[away] * count) for count in range(1, 5)] == [0.5, 1.0, 2.0, 4.0]
    assert _after(*[away] * 500) == LONGEST


@pytest.mark.parametrize("answer", [Trouble.STARTING, Trouble.EXPIRED])
def test_a_server_that_is_back_is_asked_again_at_once(answer: Trouble) -> None:
    assert _after(*[Trouble.AWAY] * 500, answer) == 0.5


def test_an_answer_that_stays_the_same_is_not_asked_for_in_a_hurry() -> None:
    assert _after(*[Trouble.EXPIRED] * 500) == LONGEST


def test_nothing_is_rested_for_after_a_success() -> None:
    pauses = Pauses(0.5)
    pauses.failed(Trouble.AWAY)

    pauses.succeeded()

    assert pauses.seconds == 0.0


@pytest.mark.parametrize(
    ("message", "trouble"),
    [
        ("watch of kustomizations: storage is (re)initializing", Trouble.STARTING),
        ("the request has been made before all known HTTP paths have been installed", Trouble.STARTING),
        ("cluster x cannot be reached: connection refused", Trouble.AWAY),
    ],
)
def test_a_server_that_has_just_started_says_so(message: str, trouble: Trouble) -> None:
    assert Trouble.told_by(message) is trouble
