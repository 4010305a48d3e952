"""Reading a document's fields: what is missing, of another type, unknown or not done here is told with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from examples.rehearsal.tekton.errors import UNSUPPORTED, TektonError
from pipeline.errors import ConfigurationError
from pipeline.model.documents.durations import parse_duration
from pipeline.model.documents.json_types import type_in_words

T = TypeVar("T")


class Fields:
    """The fields of one mapping; ``place`` names it in errors, as ``Task gitless-build: spec.steps[0]``."""

    def __init__(self, raw: object, place: str) -> None:
        if not isinstance(raw, dict):
            raise TektonError(f"{place} is {type_in_words(raw)}; expected a mapping")
        self._raw: dict[str, Any] = raw
        self.place = place
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def raw(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        """The field as it is, or None."""
        self._read.add(name)
        return self._raw.get(name)

    def text(self, name: str, default: str = "") -> str:
        """A string; booleans and numbers are refused, as the API server refuses them."""
        return self._of(name, str, "a string", default)

    def required(self, name: str) -> str:
        """A string that must be there."""
        found = self.text(name)
        if not found:
            raise TektonError(f"{self.place}.{name} is missing")
        return found

    def flag(self, name: str) -> bool:
        """True or false; false where it is not there."""
        return self._of(name, bool, "true or false", default=False)

    def number(self, name: str) -> int:
        """A whole number; 0 where it is not there."""
        return self._of(name, int, "a whole number", 0)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        found = self._of(name, list, "a list of strings", [])
        for index, item in enumerate(found):
            if not isinstance(item, str):
                raise TektonError(f"{self.place}.{name}[{index}] is {type_in_words(item)}; expected a string")
        return tuple(found)

    def mapping(self, name: str) -> dict[str, Any]:
        """A mapping; an empty one where it is not there."""
        return self._of(name, dict, "a mapping", {})

    def inner(self, name: str) -> Fields:
        """The fields of a mapping in this one."""
        return Fields(self.mapping(name), f"{self.place}.{name}")

    def each(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """A list of mappings, each of them read by ``read``."""
        found = self._of(name, list, "a list", [])
        return tuple(read(Fields(item, f"{self.place}.{name}[{index}]")) for index, item in enumerate(found))

    def seconds(self, name: str) -> float | None:
        """A duration in seconds; None where there is none, or it is 0, which to Tekton is no limit."""
        text = self.text(name)
        if not text or text == "0":
            return None
        try:
            return parse_duration(text) or None
        except ConfigurationError as error:
            raise TektonError(f"{self.place}.{name}: {error}") from error

    def done(self, *, told: Iterable[str] = (), unsupported: Iterable[str] = ()) -> None:
        """Nothing else may be there.

        Args:
            told: fields that say nothing about what a run does here.
            unsupported: fields that Tekton knows and this executor does not do.
        """
        for name in self._raw:
            if name in unsupported:
                raise TektonError(f"{self.place}.{name} is not done by this executor", reason=UNSUPPORTED)
            if name not in self._read and name not in told:
                raise TektonError(f"{self.place} has an unknown field {name}")

    def _of(self, name: str, kind: type[T], words: str, default: T) -> T:
        found = self.raw(name)
        if found is None:
            return default
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise TektonError(f"{self.place}.{name} is {type_in_words(found)}; expected {words}")
        return found
