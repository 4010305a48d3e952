from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.comparison.differences import compare, drop_noise
from pipeline.model.plan import ABSENT

_SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab1. ", max_size=3)
_KEYS = st.sampled_from(["a", "b.c", "env", "ports", "containers", "rules", "args", "labels", "x"])
_ITEMS = st.fixed_dictionaries({"name": st.sampled_from("abcd")}, optional={"v": _SCALARS})
_VALUES = st.recursive(
    _SCALARS | st.lists(_ITEMS, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_API_VERSIONS = st.sampled_from(["apps/v1", "example.com/v1"])


@st.composite
def bodies(draw: st.DrawFn, api_version: str = "") -> dict[str, Any]:
    return {
        "apiVersion": api_version or draw(_API_VERSIONS),
        "kind": "Thing",
        "metadata": {"name": "it"},
        "spec": draw(st.dictionaries(_KEYS, _VALUES, max_size=4)),
    }


_PAIRS = _API_VERSIONS.flatmap(lambda version: st.tuples(bodies(version), bodies(version)))


@given(bodies())
def test_an_object_does_not_differ_from_itself(body: dict[str, Any]) -> None:
    assert compare(body, deepcopy(body)) == ()


@given(bodies())
def test_noise_is_no_difference_and_dropping_it_twice_changes_nothing(body: dict[str, Any]) -> None:
    cleaned = drop_noise(body)
    assert compare(body, cleaned) == ()
    assert drop_noise(cleaned) == cleaned


@given(_PAIRS)
def test_the_other_way_round_the_same_fields_differ(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert bool(compare(*pair)) == bool(compare(pair[1], pair[0]))


@given(_PAIRS)
def test_comparing_changes_neither_side(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    copies = deepcopy(pair)
    compare(*pair)
    assert pair == copies


@given(_PAIRS)
def test_every_change_has_two_sides_that_differ(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for change in compare(*pair):
        assert change.path
        assert repr(change.before) != repr(change.after)


def _put(target: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
    *parents, last = path.split(".")
    for part in parents:
        target = target.setdefault(part, {})
    if value is ABSENT:
        del target[last]
    else:
        target[last] = value


_PLAIN_KEYS = st.sampled_from(["a", "b", "c"])
_PLAIN = st.recursive(
    st.booleans()
    | st.integers(-2, 2)
    | st.text("ab", min_size=1, max_size=2)
    | st.lists(st.integers(0, 3), max_size=3),
    lambda inner: st.dictionaries(_PLAIN_KEYS, inner, min_size=1, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(_PLAIN_KEYS, _PLAIN, max_size=3), st.dictionaries(_PLAIN_KEYS, _PLAIN, max_size=3))
def test_applying_the_changes_to_one_side_gives_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = {"apiVersion": "example.com/v1", "kind": "X", "metadata": {"name": "it"}, "spec": {"k": 1, **old}}
    after = {**before, "spec": {"k": 1, **new}}
    patched = deepcopy(before)
    for change in compare(before, after):
        _put(patched, change.path, change.after)
    assert patched == after
