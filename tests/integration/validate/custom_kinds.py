"""A kind with every sort of rule, and objects of it."""

from __future__ import annotations

from typing import Any

GROUP = "gates.example.com"


def _rule(rule: str, message: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"rule": rule, **({"message": message} if message else {}), **more}


def _of(kind: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"type": kind, **more, **({"x-kubernetes-validations": list(rules)} if rules else {})}


_TEXT = _of("string", maxLength=50)
_PORTS = _of(
    "array",
    _rule("self == oldSelf || self.size() >= oldSelf.size()", "ports only come"),
    maxItems=5,
    items=_of(
        "object",
        _rule("self.number > 0", "a port is above zero", fieldPath=".number"),
        _rule("self.number == oldSelf.number", "a port keeps its number"),
        required=["name"],
        properties={"name": _TEXT, "number": {"type": "integer"}},
    ),
    **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
)
_SPEC = _of(
    "object",
    _rule("self.min <= self.max"),
    _rule("!has(self.tags) || self.tags == oldSelf.tags", "tags stay"),
    _rule("!oldSelf.hasValue() || oldSelf.value().max <= self.max", "max only grows", optionalOldSelf=True),
    _rule(
        "has(self.level) ? self.level in ['low', 'high'] : true",
        messageExpression="'level ' + self.level + ' is not known'",
        reason="FieldValueForbidden",
    ),
    properties={
        "min": {"type": "integer", "default": 1},
        "max": {"type": "integer", "default": 3},
        "level": _TEXT,
        "tags": _of("array", maxItems=9, items=_TEXT, **{"x-kubernetes-list-type": "set"}),
        "ratio": _of("number", _rule("self / 2.0 > 0.25", "the ratio is too small")),
        "when": _of("string", _rule("self > timestamp('2020-01-01T00:00:00Z')", "too early"), format="date-time"),
        "takes": _of("string", _rule("self <= duration('1h')"), format="duration"),
        "content": _of("string", _rule("size(self) < 4", "at most three bytes"), format="byte", maxLength=50),
        "size": {
            "x-kubernetes-int-or-string": True,
            "x-kubernetes-validations": [_rule("type(self) == int ? self < 10 : self.endsWith('%')", "size is odd")],
        },
        "namespace": _of("string", _rule("self != 'kube-system'", "not there"), maxLength=50),
        "names": _of(
            "object",
            _rule("!has(self.a__dash__b) || self.a__dash__b != 'x'", "a-b is x"),
            _rule("!has(self.__namespace__) || self.__namespace__.size() > 1", "short"),
            _rule("!has(self.x__dot__y) || self.x__dot__y == 'ok'", "x.y"),
            properties={"a-b": _TEXT, "namespace": _TEXT, "x.y": _TEXT},
        ),
        "labels": _of(
            "object",
            _rule("self.all(key, key.startsWith('a'))", "keys begin with a"),
            maxProperties=5,
            additionalProperties=_of("string", _rule("self.size() > 1", "values are longer"), maxLength=50),
        ),
        "ports": _PORTS,
        "maybe": _of("string", _rule("self == 'x'", "maybe is x"), nullable=True, maxLength=50),
        "memory": _of("string", _rule("quantity(self).isLessThan(quantity('1Gi'))", "too much memory"), maxLength=50),
        "frozen": _of("string", _rule("self == oldSelf", "frozen stays"), maxLength=50),
    },
)

DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"widgets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": _of(
                        "object",
                        _rule("self.metadata.name.startsWith('w')", "names begin with w"),
                        _rule("self.kind == 'Widget' && self.apiVersion.endsWith('/v1')", "never"),
                        properties={"spec": _SPEC},
                    )
                },
            }
        ],
    },
}


def widget(name: str = "web", **spec: Any) -> dict[str, Any]:  # noqa: ANN401
    """A Widget with that spec."""
    return {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec}


CREATED: dict[str, dict[str, Any]] = {
    "fine": widget(),
    "name": widget("other"),
    "above-default": widget(min=4),
    "both-given": widget(min=9, max=8),
    "level": widget(level="middle"),
    "ratio-of-a-whole-number": widget(ratio=1),
    "ratio": widget(ratio=0.5),
    "time": widget(when="2019-12-31T23:59:59.5+00:00"),
    "time-is-fine": widget(when="2020-01-01T01:00:00+00:30"),
    "duration": widget(takes="1h0m1s"),
    "duration-is-fine": widget(takes="1h"),
    "bytes": widget(content="YWJjZA=="),
    "bytes-are-fine": widget(content="YWJj"),
    "size": widget(size=10),
    "size-as-text": widget(size="10"),
    "size-is-fine": widget(size="10%"),
    "reserved-name": widget(namespace="kube-system"),
    "escaped-names": widget(names={"a-b": "x", "namespace": "n", "x.y": "no"}),
    "escaped-names-are-fine": widget(names={"a-b": "y", "namespace": "nn", "x.y": "ok"}),
    "map": widget(labels={"a": "ok", "b": "x"}),
    "list": widget(ports=[{"name": "a", "number": 1}, {"name": "b", "number": 0}]),
    "missing-field": widget(ports=[{"name": "a"}]),
    "null": widget(maybe=None),
    "null-for-a-default": widget(max=None, min=4),
    "not-null": widget(maybe="y"),
    "quantity": widget(memory="1024Mi"),
    "no-quantity": widget(memory="much"),
    "transition-rules-say-nothing": widget(frozen="a", tags=["x"]),
    "many": widget("other", min=5, ratio=0.1, level="x", memory="2Gi"),
}

CHANGED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "frozen": (widget(frozen="a"), widget(frozen="b")),
    "frozen-comes": (widget(), widget(frozen="b")),
    "frozen-stays": (widget(frozen="a"), widget(frozen="a", level="low")),
    "max-shrinks": (widget(max=9), widget(max=8)),
    "max-grows": (widget(max=8), widget(max=9)),
    "set-in-another-order": (widget(tags=["a", "b"]), widget(tags=["b", "a"], level="low")),
    "set-changes": (widget(tags=["a", "b"]), widget(tags=["a", "c"])),
    "ports-in-another-order": (
        widget(ports=[{"name": "a", "number": 1}, {"name": "b", "number": 2}]),
        widget(ports=[{"name": "b", "number": 2}, {"name": "a", "number": 1}], level="low"),
    ),
    "port-changes": (
        widget(ports=[{"name": "a", "number": 1}, {"name": "b", "number": 2}]),
        widget(ports=[{"name": "b", "number": 2}, {"name": "a", "number": 3}]),
    ),
    "port-goes": (
        widget(ports=[{"name": "a", "number": 1}, {"name": "b", "number": 2}]),
        widget(ports=[{"name": "b", "number": 2}]),
    ),
}
