"""The conditions of an object's status, as Kubernetes has them (``metav1.Condition``), never changed in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from pipeline.model.flux.api import MAX_MESSAGE
from pipeline.model.manifests import Body

Status = Literal["True", "False", "Unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; ``last_transition_time`` is RFC 3339 in UTC and set by :meth:`Conditions.with_`."""

    type: str
    status: Status
    reason: str
    message: str = ""
    observed_generation: int = 0
    last_transition_time: str = ""

    @property
    def is_true(self) -> bool:
        """Whether it holds."""
        return self.status == "True"

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        document: dict[str, Any] = {
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "message": self.message,
            "lastTransitionTime": self.last_transition_time,
        }
        if self.observed_generation:
            document["observedGeneration"] = self.observed_generation
        return document


@dataclass(frozen=True, slots=True)
class Conditions:
    """All conditions of one object; at most one of each type."""

    items: tuple[Condition, ...] = ()

    @classmethod
    def of(cls, body: Body) -> Conditions:
        """Those of an object's status; entries that make no sense are left out."""
        entries = (body.get("status") or {}).get("conditions") or ()
        return cls(tuple(_read(entry) for entry in entries if isinstance(entry, Mapping) and entry.get("type")))

    def __iter__(self) -> Iterator[Condition]:
        return iter(self.items)

    def get(self, condition_type: str) -> Condition | None:
        """The condition of that type, or ``None``."""
        return next((item for item in self.items if item.type == condition_type), None)

    def is_true(self, condition_type: str) -> bool:
        """Whether there is such a condition and it holds."""
        found = self.get(condition_type)
        return found is not None and found.is_true

    def with_(self, condition: Condition, *, now: float) -> Conditions:
        """With that condition in place of the one of its type; the time moves only where the status changes.

        The message is cut to what Flux allows.
        """
        before = self.get(condition.type)
        unchanged = before is not None and before.status == condition.status and before.last_transition_time
        time = before.last_transition_time if before is not None and unchanged else timestamp(now)
        new = replace(condition, message=cut(condition.message, MAX_MESSAGE), last_transition_time=time)
        if before is None:
            return Conditions((*self.items, new))
        return Conditions(tuple(new if item.type == new.type else item for item in self.items))

    def without(self, *condition_types: str) -> Conditions:
        """Without the conditions of these types."""
        return Conditions(tuple(item for item in self.items if item.type not in condition_types))

    def document(self) -> list[dict[str, Any]]:
        """As they are stored."""
        return [item.document() for item in self.items]


def timestamp(now: float) -> str:
    """RFC 3339 with whole seconds, UTC: how Kubernetes writes times."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def cut(text: str, limit: int) -> str:
    """The text, or its beginning and a mark where it is longer than ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 4].rstrip() + " ..."


def _read(entry: Mapping[str, Any]) -> Condition:
    status = entry.get("status")
    generation = entry.get("observedGeneration")
    return Condition(
        str(entry["type"]),
        status if status in {"True", "False"} else "Unknown",
        str(entry.get("reason") or ""),
        str(entry.get("message") or ""),
        generation if isinstance(generation, int) else 0,
        str(entry.get("lastTransitionTime") or ""),
    )
