from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from pipeline.gates.lint import LintGate
from pipeline.model.manifests import Manifests, Resource
from tests.unit.validation.lint_example import Bodies, bodies, manifests

VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=3) | some.floats(allow_nan=False),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401 - any JSON value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


PLACES = [
    (name, place)
    for name, body in bodies().items()
    for place in places(body)
    if place and place[0] not in {"apiVersion", "kind", "metadata"}
]


def spoiled_at(name: str, place: tuple[str | int, ...], value: object) -> Bodies:
    changed = bodies()
    here: Any = changed[name]
    for step in place[:-1]:
        here = here[step]
    here[place[-1]] = value
    return changed


@given(some.sampled_from(PLACES), VALUES)
def test_no_value_of_another_type_than_expected_breaks_a_rule(
    spot: tuple[str, tuple[str | int, ...]], value: object
) -> None:
    example, strange = manifests(bodies()), manifests(spoiled_at(*spot, value))

    assert LintGate().check(strange, example).objects == len(example)
    assert LintGate().check(example, strange).objects == len(example)


@given(some.dictionaries(some.text(max_size=5), VALUES, max_size=3), some.sampled_from(["Pod", "Service", "Secret"]))
def test_no_object_breaks_a_rule(body: dict[str, Any], kind: str) -> None:
    named = {**body, "apiVersion": "v1", "kind": kind, "metadata": {"name": "it"}}

    assert LintGate().check(Manifests.of([Resource.from_body(named)]), None).objects == 1
