from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.kustomizing.patterns import Pattern, PatternError
from pipeline.model.kustomizing.selectors import selects
from pipeline.model.manifests import Resource

_WEB = Resource.from_body(
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"a": "b"}},
    }
)
_PLAIN = Resource.from_body({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web-keys"}})


@pytest.mark.parametrize(
    ("target", "web", "plain"),
    [
        ({}, True, True),
        ({"kind": "Deployment"}, True, False),
        ({"kind": "Deploy"}, False, False),
        ({"kind": "Deployment|Secret"}, True, True),
        ({"name": "web"}, True, False),
        ({"name": "web.*"}, True, True),
        ({"name": "^web$"}, True, False),
        ({"group": "apps"}, True, False),
        ({"group": ""}, True, True),
        ({"version": "v1", "kind": "S.*"}, False, True),
        ({"namespace": "shop"}, True, False),
        ({"namespace": ".*"}, True, True),
        ({"labelSelector": "app=web"}, True, False),
        ({"labelSelector": "app!=web"}, False, True),
        ({"labelSelector": "app in (web, api),!tier"}, True, False),
        ({"annotationSelector": "a=b"}, True, False),
        ({"annotationSelector": "!a"}, False, True),
    ],
    ids=str,
)
def test_every_condition_must_hold(target: Mapping[str, str], web: object, plain: object) -> None:
    assert (selects(target, _WEB), selects(target, _PLAIN)) == (web, plain)


@pytest.mark.parametrize("target", [{"kind": "("}, {"name": "a**"}, {"labelSelector": "a b c"}])
def test_what_cannot_be_read_is_told(target: Mapping[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        selects(target, _WEB)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("", [""], ["a"]),
        ("a|bc", ["a", "bc"], ["abc", "b"]),
        ("a(b|c)*d", ["ad", "abcbd"], ["abc"]),
        ("a+?b??", ["a", "aab"], ["b"]),
        ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
        ("a{0}b{2,}c{1}", ["bbc", "bbbc"], ["abbc", "bc"]),
        ("[a-c0-9_-]+", ["a-1_c"], ["d", ""]),
        ("[^a-c]", ["d"], ["a"]),
        ("[]a]", ["]", "a"], ["b"]),
        (r"\d\w\.", ["1a."], ["aa.", "1ab"]),
        (r"[\d.]+", ["1.2"], ["a"]),
        ("[[:alpha:]]+", ["aB"], ["1"]),
        ("(?i)WEB", ["web", "Web"], ["wec"]),
        ("(?i:W)eb", ["web", "Web"], ["wEb"]),
        ("(?P<x>a)(?:b)", ["ab"], ["a"]),
        ("^a$|^b$", ["a", "b"], ["ab"]),
        ("a{b", ["a{b"], ["ab"]),
        ("(a*)*", ["", "aaa"], ["b"]),
    ],
)
def test_expressions_are_for_the_whole_of_a_name(pattern: str, matching: list[str], other: list[str]) -> None:
    compiled = Pattern(pattern)
    assert [text for text in (*matching, *other) if compiled.matches(text)] == matching


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "a)", "[", "[b-a]", "*", "a**", "a{2}{3}", "a{1001}", "a{3,2}", "\\", r"\b", r"\1", r"\pL", "(?=a)",
     "(?<!a)", "(" * 60 + ")" * 60, "((a{1000}){1000}){1000}", "[[:nothing:]]"],
)  # fmt: skip
def test_what_is_no_expression_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "a*a*a*a*a*a*a*a*b", "(.*)*(.*)*c", "(a?){200}a{200}b"])
def test_no_expression_takes_forever(pattern: str) -> None:
    begin = time.process_time()
    assert not Pattern(pattern).matches("a" * 253)
    assert time.process_time() - begin < 5
