"""The verdict on one object, and how the rules read the object they judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.model.manifests import Body


class HealthStatus(StrEnum):
    """The states of kstatus."""

    CURRENT = "Current"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict; ``reason`` is one CamelCase word, ``message`` is for people. Both may be empty when current."""

    status: HealthStatus
    reason: str = ""
    message: str = ""

    @property
    def is_current(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.status is HealthStatus.CURRENT

    @property
    def is_settled(self) -> bool:
        """Whether waiting longer is not expected to change the verdict."""
        return self.status in {HealthStatus.CURRENT, HealthStatus.FAILED}


def current(message: str) -> Health:
    """All is as asked for."""
    return Health(HealthStatus.CURRENT, message=message)


def in_progress(reason: str, message: str) -> Health:
    """Not yet, and it may still come."""
    return Health(HealthStatus.IN_PROGRESS, reason, message)


def failed(reason: str, message: str) -> Health:
    """It will not come without somebody's help."""
    return Health(HealthStatus.FAILED, reason, message)


def lookup(body: Body, path: str, default: Any = None) -> Any:  # noqa: ANN401 - any JSON value
    """The value at a dotted path, or the default where any part of the path is missing or null."""
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return default if value is None else value


def count(body: Body, path: str, default: int = 0) -> int:
    """The whole number at a dotted path; anything else counts as missing."""
    value = lookup(body, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of ``status.conditions``."""

    type: str
    status: str
    reason: str
    message: str

    @property
    def is_true(self) -> bool:
        """Whether the condition holds."""
        return self.status == "True"

    @property
    def is_false(self) -> bool:
        """Whether it is known not to hold."""
        return self.status == "False"


def conditions(body: Body) -> Iterator[Condition]:
    """The object's conditions in their order; entries that are none are left out."""
    entries = lookup(body, "status.conditions")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            texts = (entry.get(key) for key in ("type", "status", "reason", "message"))
            yield Condition(*("" if text is None else str(text) for text in texts))


def condition(body: Body, condition_type: str) -> Condition | None:
    """The first condition of that type."""
    return next((found for found in conditions(body) if found.type == condition_type), None)
