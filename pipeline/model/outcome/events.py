"""What ``gitless events`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.flux.seen_events import SeenEvent
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsResult:
    """Events, the oldest first; ``namespace`` is empty where all were looked into, ``now`` is when (epoch)."""

    kind: ClassVar[str] = "EventsResult"

    cluster: str
    namespace: str
    events: tuple[SeenEvent, ...]
    now: float

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "cluster": self.cluster,
            "namespace": self.namespace,
            "events": [event.document() for event in self.events],
        }
