"""Health of custom kinds as a Kustomization's ``healthCheckExprs`` tell it.

Source: fluxcd ``pkg/runtime/cel`` (``status_evaluator.go``, ``status_reader.go``), RFC-0009.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pipeline.errors import ExpressionError
from pipeline.model.flux.kustomization import HealthExpressions
from pipeline.model.health.rules import health as built_in_health
from pipeline.model.health.verdict import Health, current, failed, in_progress, lookup
from pipeline.model.manifests import Body, group_of


class Engine(Protocol):
    """What is needed of ``ports.Expressions``."""

    def check(self, expression: str, variables: Sequence[str]) -> None:
        """Refuse what is no CEL."""
        ...

    def evaluate(self, expression: str, variables: Mapping[str, Any]) -> bool:
        """Its value over the variables."""
        ...


class HealthRules:
    """The rules of one Kustomization: its expressions where they speak of a kind, else the built-in ones."""

    def __init__(self, expressions: tuple[HealthExpressions, ...], engine: Engine) -> None:
        self._expressions = expressions
        self._engine = engine
        self._by_kind = {_group_kind(each): each for each in expressions}

    def check(self) -> None:
        """Refuse expressions that no object will ever make work.

        Raises:
            ExpressionError: one is no CEL, ``current`` is empty, or two are about the same group and kind; final.
        """
        seen: set[tuple[str, str]] = set()
        for index, each in enumerate(self._expressions):
            place = f"spec.healthCheckExprs[{index}]"
            if _group_kind(each) in seen:
                about = ".".join(filter(None, (each.kind, group_of(each.api_version))))
                raise ExpressionError(f"{place}: {about} has expressions already", is_final=True)
            seen.add(_group_kind(each))
            if not each.current:
                raise ExpressionError(f"{place}.current is empty; expected a CEL expression", is_final=True)
            for field, expression in _in_order(each):
                self._check(f"{place}.{field}", expression)

    def health(self, body: Body | None, now: float | None = None) -> Health:
        """Judge a live object; ``None`` is one that is not there. ``now``: seconds since the epoch."""
        found = None if body is None else self._about(body)
        if body is None or found is None:
            return built_in_health(body, now=now)
        generation, observed = lookup(body, "metadata.generation"), lookup(body, "status.observedGeneration")
        if _is_whole(generation) and _is_whole(observed) and generation != observed:
            return in_progress("LatestGenerationNotObserved", f"generation {generation}, observed {observed}")
        for field, expression in _in_order(found):
            try:
                if self._engine.evaluate(expression, body):
                    return _VERDICTS[field]
            except ExpressionError as error:
                message = f"{field}: {error.message}"
                return failed("InvalidExpression", message) if error.is_final else in_progress("Unknown", message)
        return in_progress("NoExpressionTrue", "none of the health expressions is true")

    def _about(self, body: Body) -> HealthExpressions | None:
        group = group_of(str(body.get("apiVersion", "")))
        return self._by_kind.get((group, str(body.get("kind", "")))) or self._by_kind.get((group, ""))

    def _check(self, place: str, expression: str) -> None:
        try:
            self._engine.check(expression, ())
        except ExpressionError as error:
            raise ExpressionError(f"{place}: {error.message}", is_final=True, hint=error.hint) from None


_VERDICTS: Mapping[str, Health] = {
    "inProgress": in_progress("InProgress", "the expression inProgress is true"),
    "failed": failed("Failed", "the expression failed is true"),
    "current": current("the expression current is true"),
}
"""By the field whose expression is true."""


def _in_order(expressions: HealthExpressions) -> list[tuple[str, str]]:
    """The fields that are set, in the order in which Flux evaluates them."""
    fields = (
        ("inProgress", expressions.in_progress),
        ("failed", expressions.failed),
        ("current", expressions.current),
    )
    return [(field, expression) for field, expression in fields if expression]


def _group_kind(expressions: HealthExpressions) -> tuple[str, str]:
    return group_of(expressions.api_version), expressions.kind


def _is_whole(value: object) -> bool:
    """Some kinds have text there; those are left to the expressions."""
    return isinstance(value, int) and not isinstance(value, bool)
