"""CEL as the API server evaluates it: compiled once, evaluated over many objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Program(Protocol):
    """One compiled expression."""

    @property
    def gives(self) -> str:
        """The type of its values: ``bool``, ``string``, ``dyn`` and so on."""
        ...

    def evaluate(self, bound: object) -> Any:  # noqa: ANN401 - any JSON value
        """Its value as JSON data, over what :meth:`Programs.bind` made.

        Raises:
            UnsupportedExpressionError: it asks for what is not to be had, so that nobody knows its value.
            ExpressionError: it fails over these data. No data are in the message.
        """
        ...


class Programs(Protocol):
    """Compiles for the variables of Kubernetes: ``object``, ``params``, ``self`` and the others."""

    def compile(self, expression: str) -> Program:
        """Read and check an expression.

        Raises:
            UnsupportedExpressionError: it uses functions or variables that are not to be had; they are named.
            ExpressionError: it is no CEL; ``is_final`` is true.
        """
        ...

    def bind(self, variables: Mapping[str, Any]) -> object:
        """Variables for any number of evaluations; their values are as ``model.validation.cel_data`` has them.

        Raises:
            UnsupportedExpressionError: a text in them cannot be handed over whole.
        """
        ...
