"""Label selectors in the API's syntax: ``a=b,c!=d,e in (f,g),h notin (i),j,!k``.

Source: Kubernetes documentation, "Labels and Selectors"; apimachinery ``labels.Parse``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pipeline.errors import ConfigurationError

_KEY = r"(?P<key>(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)?"
_REQUIREMENT = re.compile(
    rf"\s*(?:!\s*{_KEY.replace('key', 'absent')}"
    rf"|{_KEY.replace('key', 'listed')}\s+(?P<how>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|{_KEY}\s*(?P<sign>==|=|!=)\s*(?P<value>{_VALUE})"
    rf"|{_KEY.replace('key', 'present')})\s*(?:,|$)"
)


class Operator(StrEnum):
    """What a requirement says of a label."""

    IN = "In"
    NOT_IN = "NotIn"
    """Has another value, or is not there."""
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def holds(self, value: str | None) -> bool:
        """For a label with that value, or ``None`` where there is no such label."""
        match self.operator:
            case Operator.IN:
                return value in self.values
            case Operator.NOT_IN:
                return value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.DOES_NOT_EXIST:
                return value is None


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Requirements that all have to hold; none: everything is selected."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the API's syntax.

        Raises:
            ConfigurationError: it is no selector.
        """
        found = []
        position = 0
        while position < len(text.rstrip()):
            match = _REQUIREMENT.match(text, position)
            if match is None:
                raise ConfigurationError(
                    f"'{text}' is not a label selector: expected key=value, key in (a,b), key or !key at "
                    f"'{text[position:].strip()}'"
                )
            found.append(_requirement(match))
            position = match.end()
        return cls(tuple(found))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.holds(labels.get(requirement.key)) for requirement in self.requirements)

    def excludes(self, other: LabelSelector) -> bool:
        """Whether no object can be selected by both."""
        both = (*self.requirements, *other.requirements)
        keys = {requirement.key for requirement in both}
        return any(not _is_possible([one for one in both if one.key == key]) for key in keys)


def _requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent"], Operator.DOES_NOT_EXIST)
    if match["listed"]:
        operator = Operator.IN if match["how"] == "in" else Operator.NOT_IN
        return Requirement(match["listed"], operator, frozenset(value.strip() for value in match["values"].split(",")))
    if match["sign"]:
        operator = Operator.NOT_IN if match["sign"] == "!=" else Operator.IN
        return Requirement(match["key"], operator, frozenset({match["value"]}))
    return Requirement(match["present"], Operator.EXISTS)


def _is_possible(requirements: Iterable[Requirement]) -> bool:
    """Whether one label can satisfy all of these; there is always a value that nobody names."""
    named = {value for requirement in requirements for value in requirement.values}
    unnamed = "".join(named) + "-"
    candidates: list[str | None] = [None, unnamed, *named]
    return any(all(requirement.holds(value) for requirement in requirements) for value in candidates)
