"""Compiles and evaluates expressions of Kubernetes.

An evaluation takes about 10 µs, and the first one over an object some 20 µs more, in which it is handed over. What it
may take is bounded by the runtime: 10,000 iterations of macros, a depth of 32, regular expressions in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pipeline.errors import ExpressionError, UnsupportedExpressionError
from pipeline.expressions.failures import compile_failure, evaluation_failure
from pipeline.expressions.kubernetes import addresses, formats, quantities, strings, texts
from pipeline.expressions.kubernetes.declaring import UNSUPPORTED, Function
from pipeline.model.validation.cel_text import CARRIER

VARIABLES = ("object", "oldObject", "request", "params", "namespaceObject", "self", "oldSelf")
_CONFIGURATION = """\
name: kubernetes
extensions:
  - name: optional
  - name: strings
    version: 2
  - name: sets
  - name: bindings
  - name: lists
  - name: two-var-comprehensions
"""
"""``bindings`` is not Kubernetes': it carries ``variables`` and optional ``oldSelf``."""
_MAX_LENGTH = 64 * 1024
_CACHED = 2048
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_NO_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '([^\n]*)'")
_FOREIGN_BINDING = re.compile(rf"\bcel\s*\.\s*bind\s*\(\s*(?!{CARRIER})")
_SYNTAX = "Syntax error"
_BOUNDS = {
    "Iteration budget exceeded": "it takes more than 10,000 steps",
    "recursion limit exceeded": "it is nested too deeply",
    "max recursion depth": "it is nested too deeply",
    "No overload found in reference resolve step": "it uses a macro that is not there",
}


class KubernetesPrograms:
    """Compiles each expression once and keeps the latest 2,048."""

    def __init__(self) -> None:
        self._compiled = lru_cache(maxsize=_CACHED)(self._compile)

    def compile(self, expression: str) -> CompiledProgram:
        """Read and check an expression.

        Raises:
            UnsupportedExpressionError: it uses functions or variables that are not to be had; they are named.
            ExpressionError: it is no CEL; ``is_final`` is true.
        """
        return self._compiled(expression)

    def bind(self, variables: Mapping[str, Any]) -> object:
        """Variables for any number of evaluations, converted when first used.

        The texts in them have passed :func:`pipeline.model.validation.cel_data.handed_over`.
        """
        return _environment().Activation(data=dict(variables))

    def _compile(self, expression: str) -> CompiledProgram:
        if len(expression) > _MAX_LENGTH:
            raise UnsupportedExpressionError(f"it has {len(expression)} characters; at most {_MAX_LENGTH} are read")
        if _FOREIGN_BINDING.search(expression):
            raise UnsupportedExpressionError("cel.bind is not known in Kubernetes")
        try:
            return CompiledProgram(expression, _environment().compile(_rewritten(expression)))
        except (RuntimeError, TypeError, ValueError) as error:
            raise _compile_failure(strings.original_names(str(error))) from None


class CompiledProgram:
    """One expression; its evaluations share nothing but the program."""

    def __init__(self, expression: str, program: Any) -> None:  # noqa: ANN401 - a class of an untyped package
        self._expression = expression
        self._program = program

    @property
    def gives(self) -> str:
        """The type of its values: ``bool``, ``string``, ``dyn`` and so on."""
        return str(self._program.return_type().name()).lower()

    def evaluate(self, bound: object) -> Any:  # noqa: ANN401 - any JSON value
        """Its value as plain data.

        Raises:
            UnsupportedExpressionError: it asks for what is not to be had, so that nobody knows its value.
            ExpressionError: it fails over these data. No data are in the message.
        """
        try:
            value = self._program.eval(activation=bound)
            kind, result = value.type().name(), value.plain_value()
        except TypeError:
            # What the package has no Python type for: an optional value, say.
            raise UnsupportedExpressionError("its value cannot be handed over", is_final=False) from None
        except (RuntimeError, ValueError) as error:
            raise self._failure(str(error)) from None
        if kind == "ERROR":
            raise self._failure(str(result))
        return result

    def _failure(self, complaint: str) -> ExpressionError:
        if UNSUPPORTED in complaint:
            return UnsupportedExpressionError(complaint.partition(UNSUPPORTED)[2], is_final=False)
        for sign, meaning in _BOUNDS.items():
            if sign in complaint:
                return UnsupportedExpressionError(meaning, is_final=False)
        return evaluation_failure(self._expression, strings.original_names(complaint))


def _rewritten(expression: str) -> str:
    return strings.with_own_names(formats.with_format_functions(expression))


@lru_cache(maxsize=1)
def _environment() -> Any:  # noqa: ANN401 - a class of an untyped package
    from cel_expr_python import cel

    return cel.NewEnv(
        config=cel.NewEnvConfigFromYaml(_CONFIGURATION),
        variables=dict.fromkeys(VARIABLES, cel.Type.DYN),
        functions=_declarations(cel),
    )


def _declarations(cel: Any) -> list[Any]:  # noqa: ANN401 - the untyped package
    by_name: dict[str, list[Function]] = {}
    for function in (
        *addresses.FUNCTIONS,
        *formats.FUNCTIONS,
        *quantities.FUNCTIONS,
        *strings.FUNCTIONS,
        *texts.FUNCTIONS,
    ):
        by_name.setdefault(function.name, []).append(function)
    return [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    f"kubernetes_{name}_{index}",
                    getattr(cel.Type, each.gives),
                    [getattr(cel.Type, taken) for taken in each.takes],
                    each.is_member,
                    each.does,
                )
                for index, each in enumerate(functions)
            ],
        )
        for name, functions in by_name.items()
    ]


def _compile_failure(complaint: str) -> ExpressionError:
    if found := _UNDECLARED.search(complaint):
        # What follows is asked of it, and is unknown for that reason alone.
        return UnsupportedExpressionError(f"{found[1].removeprefix('.')} is not known here")
    if found := _NO_OVERLOAD.search(complaint):
        return UnsupportedExpressionError(f"{found[1]} is not known for {found[2]}")
    for sign, meaning in _BOUNDS.items():
        if sign in complaint:
            return UnsupportedExpressionError(meaning)
    error = compile_failure(complaint)
    return error if _SYNTAX in complaint else UnsupportedExpressionError(error.message)
