"""The expressions of one policy, compiled when first needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ExpressionError, UnsupportedExpressionError
from pipeline.model.validation.admission import Policy
from pipeline.model.validation.admission_request import KNOWN_FIELDS, Request
from pipeline.model.validation.cel_text import Composition, fields_of, mentions
from pipeline.ports.programs import Program, Programs

_BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Fault:
    """An expression that is none; ``part`` is how findings call it, ``path`` where it stands in its policy."""

    part: str
    path: str
    expression: str
    problem: str


def is_fault(error: ExpressionError) -> bool:
    """Whether the expression itself is wrong, rather than the data or what is known here."""
    return error.is_final and not isinstance(error, UnsupportedExpressionError)


def _no_bool(program: Program) -> ExpressionError:
    return ExpressionError(f"it gives {program.gives}; an API server takes nothing but bool", is_final=True)


class PolicyPrograms:
    """Knows the policy's variables, and what its expressions ask of a request."""

    def __init__(self, policy: Policy, programs: Programs) -> None:
        self._policy = policy
        self._programs = programs
        self._variables = Composition()
        self._failed: ExpressionError | None = None
        self._compiled: dict[str, Program | ExpressionError] = {}
        self._wants_namespace: dict[str, bool] = {}
        for name, expression in policy.variables:
            try:
                self._variables.define(name, expression)
            except UnsupportedExpressionError as error:
                self._failed = UnsupportedExpressionError(f"variables.{name}: {error.message}")

    def decide(self, expression: str, request: Request, bound: object) -> bool:
        """The boolean that the expression gives for the request.

        Raises:
            UnsupportedExpressionError: it asks for what is not known here.
            ExpressionError: it is no CEL, may give something else than a boolean, or fails over the data.
        """
        value = self.evaluate(expression, request, bound)
        program = self._compiled[expression]
        if not isinstance(program, ExpressionError) and program.gives != _BOOL:
            raise _no_bool(program)
        return value is True

    def faults(self) -> Iterator[Fault]:
        """Every expression that no API server would take, whatever objects there are."""
        policy = self._policy
        deciding = [
            (f"validation-{at + 1}", f"spec.validations[{at}]", each.expression)
            for at, each in enumerate(policy.validations)
        ]
        deciding += [
            (f"condition-{name}", f"spec.matchConditions[{at}]", text)
            for at, (name, text) in enumerate(policy.conditions)
        ]
        others = [
            (f"variable-{name}", f"spec.variables[{at}]", text) for at, (name, text) in enumerate(policy.variables)
        ]
        for each in (*deciding, *others):
            part, place, expression = each
            program = self._known(expression)
            if not isinstance(program, ExpressionError) and program.gives != _BOOL and each in deciding:
                program = _no_bool(program)
            if isinstance(program, ExpressionError) and is_fault(program):
                yield Fault(part, f"{place}.expression", expression.strip(), program.message)

    def evaluate(self, expression: str, request: Request, bound: object) -> Any:  # noqa: ANN401 - any value
        """The expression's value for the request.

        Raises:
            UnsupportedExpressionError: it asks for what is not known here.
            ExpressionError: it is no CEL, or fails over the data.
        """
        program = self._known(expression)
        if isinstance(program, ExpressionError):
            raise program
        if self._wants_namespace[expression] and request.namespace and request.namespace_object is None:
            raise UnsupportedExpressionError(
                "namespaceObject is asked for, and the object's Namespace is not among the manifests", is_final=False
            )
        return program.evaluate(bound)

    def _known(self, expression: str) -> Program | ExpressionError:
        if expression not in self._compiled:
            self._compiled[expression] = self._compile(expression)
        return self._compiled[expression]

    def _compile(self, expression: str) -> Program | ExpressionError:
        try:
            if self._failed is not None and mentions(expression, "variables"):
                return self._failed
            whole = self._variables.needed(expression)
            self._wants_namespace[expression] = mentions(whole, "namespaceObject")
            if unknown := fields_of(whole, "request") - KNOWN_FIELDS:
                names = ", ".join(sorted(f"request.{name}" if name else "request as a whole" for name in unknown))
                return UnsupportedExpressionError(f"{names} is not known before there is a request")
            return self._programs.compile(self._variables.compose(expression))
        except ExpressionError as error:
            return error
