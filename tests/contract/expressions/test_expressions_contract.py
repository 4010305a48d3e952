"""What the puller may rely on in every implementation of ``Expressions``: Flux's environment over JSON data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.errors import ExpressionError
from pipeline.expressions.cel import CelExpressions
from pipeline.ports import Expressions

DATA: dict[str, Any] = json.loads("""
{
  "metadata": {"name": "web", "generation": 3, "labels": {"app.example/tier": "front"}},
  "spec": {},
  "status": {
    "replicas": 3, "ratio": 1.5, "phase": "Ready", "nothing": null, "at": "2024-01-02T03:04:05Z",
    "list": [1, 2, 3], "large": 9007199254740993,
    "conditions": [
      {"type": "Ready", "status": "True", "observedGeneration": 3},
      {"type": "Degraded", "status": "False", "observedGeneration": 2}
    ]
  }
}
""")


@pytest.fixture
def engine() -> Expressions:
    return CelExpressions()


@pytest.mark.parametrize(
    "expression",
    [
        "status.conditions.exists(e, e.type == 'Ready' && e.status == 'True')",
        "status.conditions.filter(e, e.type == 'Ready').all(e, e.observedGeneration == metadata.generation)",
        "status.replicas == 3 && status.replicas == 3.0 && status.replicas > 2.5",
        "status.large == 9007199254740993",
        "has(status.nothing) && status.nothing == null && !has(status.missing)",
        "has(status.missing) && status.missing.deeper == 1 || true",
        "status.?missing.orValue('none') == 'none' && !status[?'missing'].hasValue()",
        "timestamp(status.at) > timestamp('2024-01-01T00:00:00Z') && timestamp(status.at).getFullYear() == 2024",
        "duration('90s') == duration('1m30s')",
        "size(status.list) == 3 && status.list.size() == 3",
        "2 in status.list && 'app.example/tier' in metadata.labels",
        "metadata.labels['app.example/tier'] == 'front' && spec == {}",
        "status.phase.lowerAscii() == 'ready' && 'a,b'.split(',') == ['a', 'b'] && '%d'.format([1]) == '1'",
        "status.conditions.map(c, c.type).join('+') == 'Ready+Degraded' && status.phase.matches('^R.*y$')",
        "base64.encode(b'x') == 'eA=='",
        "sets.contains(status.list, [1, 2.0]) && !sets.contains(status.list, [4])",
        "sets.intersects([3, 4], status.list) && sets.equivalent([1, 1, 2], [2, 1]) && !sets.contains([1], [true])",
        "int(status.ratio) == 1 && string(status.replicas) == '3' && status.phase != 3",
        "undeclared.field == 1 || status.phase == 'Ready'",
    ],
)
def test_what_flux_evaluates_holds(engine: Expressions, expression: str) -> None:
    engine.check(expression, ())

    assert engine.evaluate(expression, DATA) is True


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("status.missing == 1", "no such key: missing"),
        ("nowhere.at.all", "no such attribute: nowhere"),
        ("status.replicas + 1.0 == 4.0", "no such overload: _+_(int64, double)"),
        ("status.list[7] == 1", "index out of bounds"),
        ("status.replicas", "gives int; expected bool"),
        ("status.nothing", "gives null; expected bool"),
        ("status.phase.deeper == 1", "a field is asked of something that has none"),
        ("status.replicas / 0 == 1", "divide by zero"),
    ],
)
def test_data_that_do_not_fit_fail_for_now(engine: Expressions, expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        engine.evaluate(expression, DATA)

    assert message in caught.value.message
    assert not caught.value.is_final


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("status ==", "line 1, column 10"),
        ("", "line 1, column"),
        ("a &&\n  b c", "line 2, column"),
        ("(" * 200 + "true" + ")" * 200, "recursion"),
        ("!" * 20000 + "true", "at most 16384"),
        ("a == '\ud800'", "wrong"),
    ],
)
def test_what_is_no_cel_fails_for_good(engine: Expressions, expression: str, message: str) -> None:
    for attempt in (lambda: engine.check(expression, ()), lambda: engine.evaluate(expression, DATA)):
        with pytest.raises(ExpressionError) as caught:
            attempt()

        assert message in caught.value.message
        assert caught.value.is_final
        assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("dep.metadata.name == other.metadata.name", "undeclared reference to 'other"),
        ("dep.metadata.name", "gives dyn; expected bool"),
        ("1", "gives int; expected bool"),
        ("dep.a == 1 && 1", "no matching overload"),
    ],
)
def test_declared_variables_are_checked_and_typed(engine: Expressions, expression: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        engine.check(expression, ("self", "dep"))

    assert caught.value.is_final


def test_expressions_over_declared_variables_pass(engine: Expressions) -> None:
    expression = (
        "dep.metadata.labels['v'] == self.metadata.labels['v'] && dep.status.conditions.exists(c, c.status == 'T')"
    )

    engine.check(expression, ("self", "dep"))

    labels = {"metadata": {"labels": {"v": "1"}}}
    assert engine.evaluate(expression, {"self": labels, "dep": {**labels, "status": {"conditions": [{"status": "T"}]}}})


@pytest.mark.parametrize(
    "expression",
    [
        "data[data.password] == ''",
        "int(data.password) == 1",
        "timestamp(data.password) > timestamp('2024-01-01T00:00:00Z')",
        "'x'.matches(data.pattern)",
        "'%d'.format([data.password]) == ''",
        "data.password ? true : false",
        "data.password && true",
        "data.password",
    ],
)
def test_no_data_are_told(engine: Expressions, expression: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        engine.evaluate(expression, {"data": {"password": "hunter2", "pattern": "hunter2("}})

    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "expression",
    [
        "list.all(a, list.all(b, list.all(c, true)))",
        "list.map(a, list.map(b, a + b)).size() == 1000",
    ],
)
def test_too_much_work_is_refused(engine: Expressions, expression: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        engine.evaluate(expression, {"list": list(range(1000))})

    assert not caught.value.is_final


@pytest.mark.parametrize("data", [{"a": 2**70}, {"a": object()}, {"a": (1, 2)}])
def test_data_that_are_not_json_are_refused(engine: Expressions, data: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError):
        engine.evaluate("a == 1", data)
