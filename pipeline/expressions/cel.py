"""CEL by ``cel-expr-python``, in the environment that Flux evaluates it in (fluxcd ``pkg/runtime/cel``).

Flux's extensions are all there: optional values, strings, encoders and sets.
What an evaluation may take is bounded by the runtime: 10,000 iterations of macros, a depth of 32, regular expressions
in linear time. An expression is bounded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pipeline.errors import ExpressionError
from pipeline.expressions.failures import compile_failure, evaluation_failure
from pipeline.expressions.regular import matching

_CONFIGURATION = """\
name: flux
extensions:
  - name: optional
  - name: strings
  - name: encoders
  - name: sets
"""
"""By name, for the package has no Python class for ``sets``."""
_MAX_LENGTH = 16 * 1024
_CACHED_EXPRESSIONS = 256
_CACHED_ENVIRONMENTS = 8


class CelExpressions:
    """Compiles each expression once and keeps the latest 256; safe in many threads.

    An evaluation takes about 15 µs and holds the interpreter's lock, so nothing is gained by more threads.
    """

    def __init__(self) -> None:
        self._environment = lru_cache(maxsize=_CACHED_ENVIRONMENTS)(_environment)
        self._parsed = lru_cache(maxsize=_CACHED_EXPRESSIONS)(self._parse)

    def check(self, expression: str, variables: Sequence[str]) -> None:
        """Compile it; without variables it is only parsed, for then nobody knows the fields that data will have.

        Raises:
            ExpressionError: it is no CEL, uses other variables than those named, or cannot be a boolean.
        """
        if not variables:
            self._parsed(expression)
            return
        program = _compiled(self._environment(tuple(variables)), expression, check=True)
        if program.return_type().name() != "BOOL":
            found = program.return_type().name().lower()
            raise ExpressionError(
                f"the CEL expression gives {found}; expected bool",
                is_final=True,
                hint="compare it with something, such as == 'x'" if found == "dyn" else None,
            )

    def finds(self, pattern: str, text: str) -> bool:
        """Whether the regular expression (Go's, RE2) is found anywhere in the text.

        Raises:
            ExpressionError: it is no regular expression.
        """
        return bool(matching(pattern, (text,)))

    def evaluate(self, expression: str, variables: Mapping[str, Any]) -> bool:
        """Its value over the variables, which are JSON data.

        Raises:
            ExpressionError: final where it is no CEL; else it fails over these data. No data are in the message.
        """
        program = self._parsed(expression)
        try:
            value = program.eval(data=dict(variables))
            kind, result = value.type().name(), value.value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise evaluation_failure(expression, str(error)) from None
        if kind == "ERROR":
            raise evaluation_failure(expression, str(result))
        if not isinstance(result, bool):
            raise ExpressionError(f"the CEL expression gives {kind.lower()}; expected bool", is_final=False)
        return result

    def _parse(self, expression: str) -> Any:  # noqa: ANN401 - a class of an untyped package
        return _compiled(self._environment(()), expression, check=False)


def _compiled(environment: Any, expression: str, *, check: bool) -> Any:  # noqa: ANN401 - the same
    if len(expression) > _MAX_LENGTH:
        raise ExpressionError(
            f"the CEL expression has {len(expression)} characters; at most {_MAX_LENGTH} are allowed", is_final=True
        )
    try:
        return environment.compile(expression, disable_check=not check)
    except (RuntimeError, TypeError, ValueError) as error:
        raise compile_failure(str(error)) from None


def _environment(variables: tuple[str, ...]) -> Any:  # noqa: ANN401 - the same
    from cel_expr_python import cel

    return cel.NewEnv(config=cel.NewEnvConfigFromYaml(_CONFIGURATION), variables=dict.fromkeys(variables, cel.Type.DYN))
