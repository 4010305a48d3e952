"""Which tag a policy chooses, by the documentation of Flux's ImagePolicy."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ConfigurationError, ExpressionError
from pipeline.expressions.extraction import extracted
from pipeline.model.images.choosing import admitted, newest, passing
from tests.unit.images.policies import policy

VERSIONS = ["1.0.0", "v1.2.0", "1.2.1", "1.3.0-rc.1", "2.0.0", "2.1.0-rc.2", "latest", "main", "1.9", "01.2.3"]
BUILDS = ["main-9-aaa", "main-10-bbb", "main-101-ccc", "dev-200-ddd"]
RELEASES = ["RELEASE.2023-01-06T18-11-18Z", "RELEASE.2022-12-31T00-00-00Z", "latest", "edge"]


def chosen(
    choice: dict[str, Any], tags: list[str], pattern: str = "", extract: str = "", exclusions: tuple[str, ...] = ()
) -> str:
    made = policy(choice, pattern=pattern, extract=extract, exclusionList=list(exclusions))
    return newest(made, admitted(made, tags, extracted))


@pytest.mark.parametrize(
    ("constraint", "tag"),
    [
        (">=1.0.0", "2.0.0"),
        (">=1.0.0-0", "2.1.0-rc.2"),
        ("1.2.x", "1.2.1"),
        ("~1.2", "1.2.1"),
        ("^1.x", "1.2.1"),
        ("^1.x-0", "1.3.0-rc.1"),
        (">=1.0.0 <1.2.0", "1.0.0"),
        ("1.0.0 || 1.2.0", "v1.2.0"),
        ("1.0.0 - 1.2.0", "v1.2.0"),
        ("*", "2.0.0"),
    ],
)
def test_semver_takes_the_highest_version_in_the_range(constraint: str, tag: str) -> None:
    assert chosen({"semver": {"range": constraint}}, VERSIONS) == tag


@pytest.mark.parametrize(
    ("choice", "tags", "tag"),
    [
        ({"alphabetical": {}}, ["a", "z", "b"], "z"),
        ({"alphabetical": {"order": "asc"}}, ["a", "z", "b"], "z"),
        ({"alphabetical": {"order": "desc"}}, ["a", "z", "b"], "a"),
        ({"alphabetical": {"order": "ASC"}}, ["Z", "a", "_"], "a"),
        ({"alphabetical": {}}, ["9", "10"], "9"),
        ({"numerical": {}}, ["0", "9", "10"], "10"),
        ({"numerical": {"order": "asc"}}, ["0", "9", "1.5e1"], "1.5e1"),
        ({"numerical": {"order": "desc"}}, ["3", "-1", "9"], "-1"),
        ({"numerical": {}}, ["0x1p5", "31", "1_0"], "0x1p5"),
        ({"numerical": {}}, ["-5", "-4"], "-4"),
    ],
)
def test_orders_take_the_last(choice: dict[str, Any], tags: list[str], tag: str) -> None:
    assert chosen(choice, tags) == tag


@pytest.mark.parametrize(
    ("choice", "tags", "pattern", "extract", "tag"),
    [
        ({"semver": {"range": "^1.x-0"}}, VERSIONS, ".*-rc.*", "", "1.3.0-rc.1"),
        ({"alphabetical": {}}, RELEASES, r"^RELEASE\.(?P<timestamp>.*)Z$", "$timestamp", RELEASES[0]),
        ({"numerical": {}}, BUILDS, r"^main-(\d+)-[a-f]+$", "$1", "main-101-ccc"),
        ({"numerical": {"order": "desc"}}, BUILDS, r"^main-(?P<n>\d+)", "${n}", "main-9-aaa"),
        ({"alphabetical": {}}, BUILDS, "^main-", "", "main-9-aaa"),
        ({"semver": {"range": ">0"}}, ["web-1.0.0", "web-1.1.0", "api-3.0.0"], "^web-(.*)$", "$1", "web-1.1.0"),
        ({"semver": {"range": ">0"}}, ["1-0-0", "1-2-0"], r"(\d+)-(\d+)-(\d+)", "$1.${2}.$3", "1-2-0"),
        # In the form without braces, a name is as long as it can be: there is no group 1x.
        ({"alphabetical": {}}, ["1", "2"], r"(\d)", "$1x", "2"),
        ({"alphabetical": {}}, ["a1", "b0"], r"[a-z](\d)", "$$$1", "a1"),
    ],
)
def test_a_filter_decides_what_is_compared(
    choice: dict[str, Any], tags: list[str], pattern: str, extract: str, tag: str
) -> None:
    assert chosen(choice, tags, pattern, extract) == tag


def test_signatures_never_count_and_other_exclusions_take_their_place() -> None:
    tags = ["a", f"sha256-{'f' * 64}.sig", "z.sig"]

    assert chosen({"alphabetical": {}}, tags) == "a"
    assert chosen({"alphabetical": {}}, tags, exclusions=("^sha256-", "^a$")) == "z.sig"


@pytest.mark.parametrize(
    ("choice", "tags", "told"),
    [
        ({"semver": {"range": ">=3"}}, VERSIONS, "none of the 10 tags of ghcr.io/acme/web is allowed by semver >=3"),
        ({"alphabetical": {}}, [], "none of the 0 tags"),
        ({"numerical": {}}, ["1", "latest"], "'latest' of ghcr.io/acme/web is no number"),
        ({"numerical": {}}, ["1e999"], "'1e999' of ghcr.io/acme/web is no number"),
        ({"numerical": {}}, ["0x10"], "'0x10' of ghcr.io/acme/web is no number"),
    ],
)
def test_where_nothing_can_be_chosen_the_policy_is_named(choice: dict[str, Any], tags: list[str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        chosen(choice, tags)


def test_what_is_no_regular_expression_is_told() -> None:
    with pytest.raises(ExpressionError, match="missing \\)"):
        chosen({"alphabetical": {}}, ["a"], "(")


def test_patterns_are_those_of_go() -> None:
    # Python reads neither \z nor \pL; Go refuses a look-ahead, which Python has.
    assert extracted(r"^\pL+\z", "", ["äb", "a1"]) == (("äb", "äb"),)
    with pytest.raises(ExpressionError):
        extracted("a(?=b)", "", ["ab"])


@pytest.mark.parametrize(
    ("template", "made"),
    [("$0", "ab"), ("$1-$2-$3", "a--"), ("${1}${", "a${"), ("$", "$"), ("$01", ""), ("$x", "a"), ("${x}y", "ay")],
)
def test_templates_are_those_of_go(template: str, made: str) -> None:
    assert extracted("(?P<x>a)(c)?b", template, ["ab"]) == ((made, "ab"),)


def test_what_a_rule_allows_is_known_by_its_tags() -> None:
    versions = policy({"semver": {"range": "^1"}})
    numbers = policy({"numerical": {}}, pattern=r"^main-(\d+)", extract="$1")

    assert passing(versions, admitted(versions, VERSIONS, extracted)) == {"1.0.0", "v1.2.0", "1.2.1"}
    assert passing(numbers, admitted(numbers, BUILDS, extracted)) == set(BUILDS[:3])
