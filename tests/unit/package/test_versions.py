"""Expectations follow the documentation and behaviour of Masterminds/semver 3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.model.artifact.versions import Version, parse_range, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.2.3", Version(1, 2, 3)),
        ("v1.2.3", Version(1, 2, 3)),
        ("1.2.3-rc.1", Version(1, 2, 3, ("rc", "1"))),
        ("1.2.3+build.5", Version(1, 2, 3)),
        ("1.2", None),
        ("1", None),
        ("20240101", None),
        ("latest", None),
        ("01.2.3", None),
        ("1.2.3-01", None),
        ("1.2.3-", None),
        ("1.2.3.4", None),
        ("\u0661.2.3", None),
    ],
)
def test_only_whole_versions_are_versions(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


def test_precedence_is_that_of_the_specification() -> None:
    rising = [
        "0.9.9", "1.0.0-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
    ]  # fmt: skip
    versions = [parse_version(text) for text in rising]

    assert sorted(versions, key=lambda version: version or Version(0, 0, 0)) == versions


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.2.3", "1.2.3", "1.2.4 1.2.2"),
        ("=1.2.3", "1.2.3 v1.2.3 1.2.3+meta", "1.2.4"),
        ("!=1.2.3", "1.2.4 2.0.0", "1.2.3"),
        ("!=1.2", "1.3.0 2.2.0", "1.2.0 1.2.9"),
        ("!=1", "2.0.0", "1.0.0 1.9.9"),
        (">1.2.3", "1.2.4 2.0.0", "1.2.3"),
        (">1.2", "1.3.0", "1.2.9"),
        (">1", "2.0.0", "1.9.9"),
        (">=1.2", "1.2.0 3.0.0", "1.1.9"),
        ("=>1.2", "1.2.0", "1.1.9"),
        ("<2", "1.9.9 0.1.0", "2.0.0"),
        ("<=1.2", "1.2.9", "1.3.0 2.0.0"),
        ("<=1", "1.9.9", "2.0.0"),
        ("<=1.2.3", "1.2.3", "1.2.4"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
        ("~>1.2.3", "1.2.9", "1.3.0"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.0", "2.0.0"),
        ("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 1.0.0"),
        ("^0.2", "0.2.0 0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4 0.1.0"),
        ("^0.0", "0.0.0 0.0.9", "0.1.0"),
        ("^0", "0.0.0 0.9.9", "1.0.0"),
        ("*", "0.0.1 9.9.9", "1.0.0-rc.1"),
        ("x", "0.0.1", "1.0.0-rc.1"),
        ("", "0.0.1", "1.0.0-rc.1"),
        ("1.x", "1.0.0 1.9.9", "2.0.0"),
        ("1.2.x", "1.2.9", "1.3.0"),
        ("1.X.x", "1.3.9", "2.3.0"),
        (">=1.2.0 <2.0.0", "1.2.0 1.9.9", "2.0.0 1.1.9"),
        (">= 1.2.0, < 2.0.0", "1.2.0", "2.0.0"),
        (">=1.2.0,<2.0.0", "1.2.0", "2.0.0"),
        ("1.2 - 1.4", "1.2.0 1.4.9", "1.5.0 1.1.0"),
        ("1.2.3 - 1.4.5", "1.2.3 1.4.5", "1.4.6"),
        ("~1.2 || >=3", "1.2.5 3.0.0 4.0.0", "2.0.0"),
        (">=1.0.0-0", "1.0.0-rc.1 1.0.0", "0.9.0"),
        (">=1.0.0-0 <2.0.0", "1.5.0-rc.1", "2.0.0"),
        ("^1.0.0-beta", "1.0.0-rc 1.5.0", "1.0.0-alpha 2.0.0"),
        ("~1.2.3-beta", "1.2.3-rc 1.2.4", "1.2.3-alpha"),
        (">=v1.2.3", "1.2.3", "1.2.2"),
        ("^*", "0.0.0", "0.0.1 1.0.0"),
        ("!=*", "0.0.1 1.0.0", "0.0.0"),
    ],
)
def test_range(text: str, inside: str, outside: str) -> None:
    versions = parse_range(text)

    for tag in inside.split():
        version = parse_version(tag)
        assert version is not None
        assert versions.includes(version), tag
    for tag in outside.split():
        version = parse_version(tag)
        assert version is not None
        assert not versions.includes(version), tag


@pytest.mark.parametrize("text", ["latest", ">=", "1.2.3.4", ">=1.2 and <2", "1.2.3 -", "~=1.2", "a || 1.0", "1..2"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a version range"):
        parse_range(text)


@given(st.text("0123456789.x*^~<>=!|, -v", max_size=30))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    try:
        outcome = parse_range(text).includes(Version(1, 2, 3))
    except UsageError:
        return
    assert outcome in {True, False}
