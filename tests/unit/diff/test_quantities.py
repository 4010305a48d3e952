from __future__ import annotations

import pytest

from pipeline.model.comparison.quantities import same_quantity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", 1),
        ("1", "1000m"),
        (0.5, "500m"),
        ("1Gi", "1024Mi"),
        ("1k", "1e3"),
        ("1E", "1000P"),
        ("1Ei", "1024Pi"),
        ("1E3", "1000"),
        ("+1.", "1"),
        (".5", "0.5"),
        ("-1", -1),
        ("1000n", "1u"),
    ],
)
def test_the_same_amount_is_recognised(one: object, other: object) -> None:
    assert same_quantity(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "2"),
        ("1", "1G"),
        ("1M", "1Mi"),
        ("x", "x"),
        (True, 1),
        (None, None),
        ("", ""),
        ("1 ", "1"),
        ("\u0661", "1"),
    ],
)
def test_other_amounts_and_other_things_are_not(one: object, other: object) -> None:
    assert not same_quantity(one, other)
