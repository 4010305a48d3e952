"""Names, labels and metadata of objects that are made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import UsageError

_LONGEST_NAME = 63
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


@dataclass(frozen=True, slots=True)
class Named:
    """What every object has."""

    name: str
    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)

    def metadata(self) -> dict[str, Any]:
        """As it is stored.

        Raises:
            UsageError: the name is none.
        """
        check_name(self.name)
        return {"name": self.name, "namespace": self.namespace} | ({"labels": dict(self.labels)} if self.labels else {})


def check_name(name: str) -> str:
    """Return the name if an object of Flux's kinds may have it (RFC 1123 label, as the flux CLI asks for).

    Raises:
        UsageError: it may not.
    """
    if _NAME.fullmatch(name) is None or len(name) > _LONGEST_NAME:
        raise UsageError(
            f"'{name}' cannot name an object; expected up to {_LONGEST_NAME} lower-case letters, digits or '-',"
            " beginning and ending with a letter or digit"
        )
    return name


def parse_labels(texts: Iterable[str]) -> dict[str, str]:
    """Read ``key=value`` texts, each of which may hold several, divided by commas.

    Raises:
        UsageError: a text is something else, or Kubernetes takes no such label.
    """
    found: dict[str, str] = {}
    for text in split_commas(texts):
        key, equals, value = text.partition("=")
        if not equals or _LABEL_KEY.fullmatch(key) is None or _LABEL_VALUE.fullmatch(value) is None:
            raise UsageError(f"'{text}' is not a label; expected key=value of letters, digits, '-', '_' and '.'")
        found[key] = value
    return found


def split_commas(texts: Iterable[str]) -> tuple[str, ...]:
    """The parts of texts that may each hold several, divided by commas; empty parts are left out."""
    return tuple(part for text in texts for part in text.split(",") if part)


def by_name(name: str) -> dict[str, str]:
    """A reference to an object of the same namespace."""
    return {"name": name}


def given(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Those of the fields that hold anything; false and zero count as nothing, which is what their absence means."""
    return {key: value for key, value in fields.items() if value}
