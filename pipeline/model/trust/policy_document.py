"""Typed access to a policy document that anybody may have written, with the place of every mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pipeline.errors import ConfigurationError
from pipeline.model.documents.durations import parse_duration

Place = tuple[str | int, ...]
"""Keys and indexes from the document's root."""

_SHOWN = 120


class PolicyDocumentError(ConfigurationError):
    """Something in a policy document is wrong.

    Attributes:
        place: where, for who knows the lines of the document.
        problem: what, without the place.
    """

    code = "configuration.trust-policy"

    def __init__(self, source: str, place: Place, problem: str, hint: str | None = None) -> None:
        where = dotted(place)
        self.problem = f"'{where}': {problem}" if where else problem
        super().__init__(f"{source}: {self.problem}", hint=hint)
        self.place = place


def dotted(place: Place) -> str:
    """The place as one writes it, such as ``spec.rules[0].require``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of the document, of whatever type, and where it stands."""

    value: object
    source: str
    place: Place = ()

    def error(self, problem: str, hint: str | None = None) -> PolicyDocumentError:
        """The mistake that is here."""
        return PolicyDocumentError(self.source, self.place, problem, hint)

    def fields(self, known: Sequence[str]) -> dict[str, Entry]:
        """The values of a mapping that may have these keys.

        Raises:
            PolicyDocumentError: it is no mapping, or has another key.
        """
        if not isinstance(self.value, Mapping):
            raise self.error(f"{self._told()}; expected a mapping with {' or '.join(known)}")
        found = {str(key): self._inner(value, str(key)) for key, value in self.value.items()}
        for key, entry in found.items():
            if key not in known:
                near = get_close_matches(key, known, n=1)
                meant = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
                raise PolicyDocumentError(self.source, entry.place, f"is an unknown key; {meant}")
        return found

    def items(self) -> tuple[Entry, ...]:
        """The values of a list.

        Raises:
            PolicyDocumentError: it is no list.
        """
        if not isinstance(self.value, list | tuple):
            raise self.error(f"{self._told()}; expected a list")
        return tuple(self._inner(value, index) for index, value in enumerate(self.value))

    def some(self) -> tuple[Entry, ...]:
        """The values of a list with at least one.

        Raises:
            PolicyDocumentError: it is no list, or an empty one.
        """
        found = self.items()
        if not found:
            raise self.error("the list is empty; expected at least one", "an empty list could only mean anything goes")
        return found

    def text(self) -> str:
        """A text that is not empty.

        Raises:
            PolicyDocumentError: it is something else.
        """
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error(f"{self._told()}; expected a text")
        return self.value

    def file(self, read_file: Callable[[str], str]) -> str:
        """The text of the file that it names.

        Raises:
            PolicyDocumentError: it names none that can be read.
        """
        try:
            return read_file(self.text())
        except PolicyDocumentError:
            raise
        except ConfigurationError as error:
            raise self.error(error.message, error.hint) from None

    def count(self) -> int:
        """A number of things, at least one.

        Raises:
            PolicyDocumentError: it is something else.
        """
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 1:
            raise self.error(f"{self._told()}; expected a whole number from 1 on")
        return self.value

    def duration(self) -> float:
        """Seconds in Go's notation, more than none.

        Raises:
            PolicyDocumentError: it is something else.
        """
        try:
            seconds = parse_duration(self.text())
        except PolicyDocumentError:
            raise
        except ConfigurationError as error:
            raise self.error(error.message) from None
        if not seconds:
            raise self.error("is 0, and nothing is that young", "such as 720h for thirty days")
        return seconds

    def choice(self, *values: str) -> str:
        """One of these texts.

        Raises:
            PolicyDocumentError: it is none of them.
        """
        if self.value not in values:
            raise self.error(f"{self._told()}; expected {' or '.join(values)}")
        return str(self.value)

    def regexp(self) -> str:
        """A regular expression for the whole text, so with ``^`` and ``$``.

        Raises:
            PolicyDocumentError: it is none, or would be found within longer texts.
        """
        pattern = self.text()
        if not (pattern.startswith("^") and pattern.endswith("$")) or pattern.endswith("\\$"):
            raise self.error(
                f"{ascii(pattern)[:_SHOWN]} must begin with ^ and end with $",
                "without them it also accepts whoever's name only contains it, such as"
                " https://github.com/acme/shop-evil or https://evil.example/?https://github.com/acme/shop",
            )
        if _has_bare_alternatives(pattern):
            raise self.error(
                f"{ascii(pattern)[:_SHOWN]} has alternatives outside of parentheses, so ^ and $ count for one of them",
                "write ^(one|other)$",
            )
        return pattern

    def _inner(self, value: object, part: str | int) -> Entry:
        return Entry(value, self.source, (*self.place, part))

    def _told(self) -> str:
        if self.value is None:
            return "is empty"
        kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list"}
        kind = kinds.get(type(self.value), "a mapping" if isinstance(self.value, Mapping) else "something else")
        shown = "" if isinstance(self.value, list | Mapping) else f" ({ascii(self.value)[:_SHOWN]})"
        return f"is {kind}{shown}"


def _has_bare_alternatives(pattern: str) -> bool:
    """Whether a ``|`` stands outside of groups and classes: RE2 binds it weaker than ``^`` and ``$``."""
    depth, in_class, index = 0, False, 0
    while index < len(pattern):
        character = pattern[index]
        if character == "\\":
            index += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            # A ] right behind [ or [^ is one of the class.
            index += 2 if pattern[index + 1 : index + 3] == "^]" else pattern[index + 1 : index + 2] == "]"
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0:
            return True
        index += 1
    return False
