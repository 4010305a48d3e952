"""What nothing keeps, and only that, may leave a repository."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.promotion.retention import Candidate, Kept, Retention, decide, going

NOW = 1_000_000.0
HOUR = 3600.0


def candidate(name: str, *tags: str, hours: float | None = None) -> Candidate:
    return Candidate(digest=name, tags=tags, age=None if hours is None else NOW - hours * HOUR)


REPOSITORY = (
    candidate("a", "1.0.0", hours=50),
    candidate("b", "1.1.0-rc.1", hours=40),
    candidate("c", "1.1.0", "latest", hours=30),
    candidate("d", "main-3", hours=20),
    candidate("e", "main-4", hours=10),
    candidate("f", "main-5", hours=1),
    candidate("g", "unknown"),
    candidate("h", "0.9.0"),
    candidate("i", hours=60),
)


def gone(policy: Retention, kept: Kept | None = None, candidates: tuple[Candidate, ...] = REPOSITORY) -> str:
    verdicts = decide(candidates, kept or Kept(), policy, NOW)
    return "".join(sorted(item.candidate.digest for item in verdicts if not item.is_kept))


@pytest.mark.parametrize(
    ("policy", "kept", "expected"),
    [
        (Retention(keep=0), Kept(), "abcdefhi"),
        (Retention(keep=1), Kept(), "abdehi"),
        (Retention(keep=2), Kept(), "adhi"),
        (Retention(keep=9), Kept(), "i"),
        (Retention(older_than=15 * HOUR), Kept(), "abcdi"),
        (Retention(keep=1, older_than=15 * HOUR), Kept(), "abdi"),
        (Retention(keep=0), Kept(tags={"latest": "^latest$"}), "abdefhi"),
        (Retention(keep=0), Kept(locked=frozenset({"main-3"})), "abcefhi"),
        (Retention(keep=0), Kept(deployed={"i": "deployed on prod", "e": "deployed on prod"}), "abcdfh"),
        (Retention(keep=0, keep_signed_releases=True), Kept(signed=frozenset("abcde")), "bdefhi"),
        (Retention(keep=0), Kept(signed=frozenset("abc")), "abcdefhi"),
    ],
)
def test_each_rule_keeps_what_it_says(policy: Retention, kept: Kept, expected: str) -> None:
    assert gone(policy, kept) == expected


def test_every_reason_is_told_and_versions_come_first() -> None:
    verdicts = decide(REPOSITORY, Kept(tags={"1.1.0": "1[.]1"}), Retention(keep=1, older_than=35 * HOUR), NOW)

    assert "".join(item.candidate.digest for item in verdicts) == "cbahfedgi"
    assert verdicts[0].reasons == (
        "the tag 1.1.0 is kept by '1[.]1'",
        "among the newest 1 versions",
        "younger than 35h: 1970-01-11T07:46:40Z",
    )


def test_one_kept_tag_keeps_the_digest_with_all_its_tags() -> None:
    shared = (candidate("a", "1.0.0", "old", "production", hours=99), candidate("b", "2.0.0", hours=1))

    assert gone(Retention(keep=1), Kept(tags={"production": "production"}), shared) == ""
    assert gone(Retention(keep=1), Kept(), shared) == "a"


digests = st.sampled_from("abcdefghij")
tags = st.sampled_from(["1.0.0", "1.1.0", "2.0.0-rc.1", "main", "live", "x-1", "x-2", "pr-7"])
repositories = st.dictionaries(tags, digests)
graphs = st.dictionaries(digests, st.lists(digests, max_size=4).map(tuple))


@given(
    pointing=repositories,
    ages=st.dictionaries(digests, st.floats(0, NOW)),
    keep=st.none() | st.integers(0, 3),
    older_than=st.none() | st.floats(0, NOW),
    patterns=st.sets(tags),
    locked=st.sets(tags),
    deployed=st.sets(digests),
    signed=st.sets(digests),
)
def test_nothing_that_anything_keeps_is_ever_lost(
    *,
    pointing: dict[str, str],
    ages: dict[str, float],
    keep: int | None,
    older_than: float | None,
    patterns: set[str],
    locked: set[str],
    deployed: set[str],
    signed: set[str],
) -> None:
    known = sorted({*pointing.values(), *deployed})
    candidates = [
        Candidate(digest=digest, tags=tuple(tag for tag, at in pointing.items() if at == digest), age=ages.get(digest))
        for digest in known
    ]
    kept = Kept(
        tags=dict.fromkeys(patterns, "pattern"),
        locked=frozenset(locked),
        deployed=dict.fromkeys(deployed, "deployed"),
        signed=frozenset(signed),
    )
    policy = Retention(keep=keep, older_than=older_than, keep_signed_releases=True)

    verdicts = decide(candidates, kept, policy, NOW)
    lost = {item.candidate.digest for item in verdicts if not item.is_kept}

    assert sorted(item.candidate.digest for item in verdicts) == known
    assert not lost & deployed
    assert not lost & {pointing[tag] for tag in (patterns | locked) & pointing.keys()}
    assert not lost & {pointing[tag] for tag in ("1.0.0", "1.1.0") if pointing.get(tag) in signed}
    if older_than is not None:
        assert all(digest in ages and NOW - ages[digest] >= older_than for digest in lost)
    if keep is not None:
        versions = [item for item in verdicts if item.candidate.version is not None]
        assert not lost & {item.candidate.digest for item in versions[:keep]}


@given(doomed=st.lists(digests), below=graphs, protected=st.frozensets(digests))
def test_what_hangs_on_it_goes_along_but_nothing_protected(
    doomed: list[str], below: dict[str, tuple[str, ...]], protected: frozenset[str]
) -> None:
    found = going(doomed, below, protected)

    assert not set(found) & protected
    assert set(doomed) - protected <= set(found)
    assert len(found) == len(set(found))
    for digest in found:
        assert set(below.get(digest, ())) - protected <= set(found)
    # Whatever goes is doomed itself, or hangs on what goes.
    assert all(digest in doomed or any(digest in below.get(other, ()) for other in found) for digest in found)


def test_an_artifact_goes_before_its_signatures() -> None:
    assert going(["a"], {"a": ("s1", "s2"), "s1": ("t",)}, frozenset({"s2"})) == ("a", "s1", "t")
