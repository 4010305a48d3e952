"""Which digest was good before, as a cluster's records tell."""

from __future__ import annotations

import pytest

from pipeline.model.deployments.record import Deployed
from pipeline.model.promotion.previous_good import previous_good
from tests.unit.deployments.support import record

RESULTS = {"+": Deployed.HEALTHY, "-": Deployed.FAILED, "?": Deployed.APPLIED, "x": Deployed.DELETED}


@pytest.mark.parametrize(
    ("told", "current", "good"),
    [
        ("A+ B+", "B", "A"),
        ("A+ B+ B-", "B", "A"),
        ("A+ B- C+", "C", "A"),
        ("A+ B? C+", "C", "A"),
        # What failed after it was healthy, and before it was replaced, is not good.
        ("A+ B+ B- C+", "C", "A"),
        ("A- A+ B-", "B", "A"),
        # Nobody deletes a Kustomization because what it had was bad.
        ("A+ Ax B-", "B", "A"),
        # A rollback that was recorded: the one that was gone back from is before what came next.
        ("A+ B+ A+ C-", "C", "A"),
        ("A+ B+ A+ B-", "B", "A"),
        # The current one was healthy once, which is no place to go back to.
        ("B+ A- B-", "B", ""),
        # What the cluster has is older than what the tag points at.
        ("A+ B+", "C", "B"),
        ("A+ B-", "C", "A"),
        # What came after the current one was deployed for the last time is newer still, and yet before it for the tag.
        ("B+ A+", "B", "A"),
        ("B+", "B", ""),
        ("A- B+", "B", ""),
        ("A? B+", "B", ""),
        ("", "B", ""),
    ],
)
def test_it_is_the_last_that_was_healthy_before_the_current_one(told: str, current: str, good: str) -> None:
    records = [
        record(digest=item[0], result=RESULTS[item[1]], time=float(number)) for number, item in enumerate(told.split())
    ]

    found = previous_good(records, current)
    backwards = previous_good(records[::-1], current)

    assert (found.digest if found else "") == good
    assert found == backwards
