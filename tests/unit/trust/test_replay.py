from __future__ import annotations

import pytest

from pipeline.errors import TrustError
from pipeline.model.trust.replay import Succession, check_not_older

OLD, NEW = "sha256:" + "01" * 32, "sha256:" + "02" * 32
EARLY, LATE = 1_764_000_000.0, 1_764_003_600.0


def test_what_was_signed_before_the_recorded_one_is_refused_with_both_digests_and_times() -> None:
    with pytest.raises(TrustError) as caught:
        check_not_older(EARLY, LATE, new_digest=OLD, recorded_digest=NEW)

    assert (caught.value.code, caught.value.exit_code) == ("trust.replay", 4)
    assert caught.value.message == (
        f"{OLD} was signed at 2025-11-24T16:00:00Z, "
        f"before {NEW}, which is on record and was signed at 2025-11-24T17:00:00Z"
    )
    assert "--allow-rollback" in str(caught.value.hint)


def test_a_rollback_that_was_asked_for_passes_and_is_said() -> None:
    found = check_not_older(EARLY, LATE, new_digest=OLD, recorded_digest=NEW, allow_rollback=True)

    assert found.is_rollback
    assert OLD in found.note
    assert NEW in found.note


@pytest.mark.parametrize(
    ("new", "recorded", "digest", "recorded_digest"),
    [
        (LATE, EARLY, NEW, OLD),
        (LATE, LATE, NEW, OLD),
        (EARLY, LATE, OLD, OLD),
        (EARLY, None, OLD, ""),
        (None, None, OLD, OLD),
    ],
    ids=["later", "at the same time", "the same digest", "nothing on record", "the same digest without times"],
)
def test_what_is_no_replay_passes_without_a_word(
    new: float | None, recorded: float | None, digest: str, recorded_digest: str
) -> None:
    assert check_not_older(new, recorded, new_digest=digest, recorded_digest=recorded_digest) == Succession()


@pytest.mark.parametrize(("new", "recorded", "silent"), [(None, LATE, OLD), (EARLY, None, NEW), (None, None, OLD)])
def test_without_both_times_it_passes_and_says_that_the_order_is_unknown(
    new: float | None, recorded: float | None, silent: str
) -> None:
    found = check_not_older(new, recorded, new_digest=OLD, recorded_digest=NEW)

    assert not found.is_rollback
    assert f"nothing says when {silent} was signed" in found.note
