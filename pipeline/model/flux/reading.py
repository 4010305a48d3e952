"""Reading a custom resource's spec field by field, with complaints that name the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.documents.durations import parse_duration
from pipeline.model.documents.json_types import type_in_words


class InvalidObjectError(ConfigurationError):
    """A custom resource asks for something that makes no sense; the message begins with the field's path."""

    code = "configuration.object"


class Fields:
    """One mapping of a custom resource; every getter refuses what has another type than the field's."""

    def __init__(self, value: object, path: str = "spec") -> None:
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise InvalidObjectError(f"{path} is {type_in_words(value)}; expected a mapping")
        self.path = path
        self.raw: Mapping[str, Any] = value

    def __contains__(self, key: str) -> bool:
        return self.raw.get(key) is not None

    def text(self, key: str, default: str | None = "") -> str:
        """A string; without a default (``None``) it must be there and not be empty."""
        value = self.raw.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value):
            self.refuse(key, "text that is not empty" if default is None else "text")
        return str(value)

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """One of these words; without a default it must be there."""
        value = self.raw.get(key)
        if (value is None or value == "") and default is not None:
            return default
        if value not in allowed:
            self.refuse(key, "one of " + ", ".join(allowed))
        return str(value)

    def flag(self, key: str, *, default: bool | None = False) -> bool:
        """A boolean; without a default (``None``) it must be there."""
        value = self.raw.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
        return bool(value)

    def duration(self, key: str, default: float | None = None, *, required: bool = False) -> float | None:
        """Seconds, from Go's notation."""
        value = self.raw.get(key)
        if value is None and not required:
            return default
        if not isinstance(value, str):
            self.refuse(key, "a duration, such as 10m")
        try:
            return parse_duration(str(value))
        except ConfigurationError as error:
            raise InvalidObjectError(f"{self.path}.{key}: {error.message}") from None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.raw.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse(key, "a list of text")
        return tuple(value)

    def table(self, key: str) -> Mapping[str, str]:
        """A mapping of text to text."""
        value = self.raw.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
            self.refuse(key, "a mapping of text")
        return dict(value)

    def below(self, key: str) -> Fields | None:
        """The mapping under the key, or ``None``."""
        return Fields(self.raw[key], f"{self.path}.{key}") if key in self else None

    def each(self, key: str) -> Iterator[Fields]:
        """The mappings of the list under the key."""
        value = self.raw.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.refuse(key, "a list")
        for index, item in enumerate(value):
            yield Fields(item, f"{self.path}.{key}[{index}]")

    def refuse(self, key: str, expected: str) -> None:
        """Complain about one field.

        Raises:
            InvalidObjectError: always.
        """
        value = self.raw.get(key)
        found = "missing" if value is None else f"'{value[:100]}'" if isinstance(value, str) else type_in_words(value)
        raise InvalidObjectError(f"{self.path}.{key} is {found}; expected {expected}")
