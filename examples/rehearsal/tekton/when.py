"""``when``: an input, ``in`` or ``notin``, and values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.substitution import Replacements

_OPERATORS = ("in", "notin")


@dataclass(frozen=True, slots=True)
class When:
    """One expression."""

    input: str
    operator: str
    values: tuple[str, ...]

    def replaced(self, replacements: Replacements) -> When:
        """The expression with its variables replaced; an array may stand alone among the values."""
        return When(replacements.text(self.input), self.operator, replacements.items(self.values))

    @property
    def holds(self) -> bool:
        """Whether the input is (or with ``notin``: is not) one of the values, to the letter."""
        return (self.input in self.values) == (self.operator == "in")


def read_when(fields: Fields) -> tuple[When, ...]:
    """``when`` of a step or of a task in a Pipeline.

    Raises:
        TektonError: an operator that there is not, or no values.
    """
    return fields.each("when", _read)


def _read(fields: Fields) -> When:
    found = When(fields.text("input"), fields.text("operator"), fields.texts("values"))
    fields.done(unsupported={"cel"})
    if found.operator not in _OPERATORS:
        raise TektonError(f"{fields.place}.operator is {found.operator!r}; expected in or notin")
    if not found.values:
        raise TektonError(f"{fields.place}.values is empty; expected at least one value")
    return found


def all_hold(expressions: Iterable[When]) -> bool:
    """Whether every expression holds; none at all do."""
    return all(expression.holds for expression in expressions)
