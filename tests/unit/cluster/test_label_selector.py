from __future__ import annotations

import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.label_selector import LabelSelector


@pytest.mark.parametrize(
    ("selector", "labels", "matches"),
    [
        ("", {}, True),
        ("app=web", {"app": "web"}, True),
        ("app==web", {"app": "web"}, True),
        ("app = web", {"app": "web"}, True),
        ("app=web", {"app": "db"}, False),
        ("app=web", {}, False),
        ("app=", {"app": ""}, True),
        ("app!=web", {}, True),
        ("app!=web", {"app": "web"}, False),
        ("app in (web, db)", {"app": "db"}, True),
        ("app in (web,db)", {"app": "x"}, False),
        ("app notin (web)", {}, True),
        ("app notin (web)", {"app": "web"}, False),
        ("app", {"app": ""}, True),
        ("app", {}, False),
        ("!app", {}, True),
        ("!app", {"app": ""}, False),
        ("example.org/app=web,tier", {"example.org/app": "web", "tier": "x"}, True),
        ("example.org/app=web,tier", {"example.org/app": "web"}, False),
        ("a in (b),c notin (d),!e,f!=g,h", {"a": "b", "h": ""}, True),
        ("in=notin", {"in": "notin"}, True),
        ("app=web,", {"app": "web"}, True),
    ],
)
def test_selectors_select_as_the_api_does(selector: str, labels: dict[str, str], matches: bool) -> None:  # noqa: FBT001
    assert LabelSelector.parse(selector).matches(labels) is matches


@pytest.mark.parametrize(
    "text", ["app=a b", "=web", "app in web", "app in (a", "a//b=c", "!", "app=web;tier=x", "app>3"]
)
def test_what_is_no_selector_is_told(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a label selector"):
        LabelSelector.parse(text)


@pytest.mark.parametrize(
    ("one", "two", "excludes"),
    [
        ("a=1", "a=2", True),
        ("a=1", "a=1", False),
        ("a=1", "b=1", False),
        ("a=1", "!a", True),
        ("a", "!a", True),
        ("a!=1", "!a", False),
        ("a in (1,2)", "a notin (1,2,3)", True),
        ("a in (1,2)", "a notin (1)", False),
        ("a!=1", "a!=2", False),
        ("a,a!=1", "a=1", True),
        ("", "a=1", False),
        ("a=1,a=2", "", True),
    ],
)
def test_selectors_exclude_each_other_where_no_labels_satisfy_both(one: str, two: str, excludes: bool) -> None:  # noqa: FBT001
    first, second = LabelSelector.parse(one), LabelSelector.parse(two)

    assert first.excludes(second) is excludes
    assert second.excludes(first) is excludes
