"""Kubernetes Events about Flux's objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.documents.times import parse_time
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.flux.kustomization import ObjectReference
from pipeline.model.manifests import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """One event; times are RFC 3339 as the server has them, and empty where it has none."""

    uid: str
    resource_version: str
    involved: ObjectReference
    type: str
    reason: str
    message: str
    count: int
    first_seen: str
    last_seen: str
    reporter: str
    """The component that told."""

    @property
    def time(self) -> float:
        """When it was seen last, in seconds since the epoch; 0 where nobody knows."""
        try:
            return parse_time(self.last_seen)
        except ConfigurationError:
            return 0.0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "lastSeen": self.last_seen,
            "firstSeen": self.first_seen,
            "count": self.count,
            "type": self.type,
            "reason": self.reason,
            "kind": self.involved.kind,
            "namespace": self.involved.namespace,
            "name": self.involved.name,
            "message": self.message,
            "reporter": self.reporter,
        }


def read_event(body: Body) -> SeenEvent:
    """What an Event of the core API says, whether it was made through that API or ``events.k8s.io``."""
    metadata, involved = mapping_at(body.get("metadata")), mapping_at(body.get("involvedObject"))
    series, source = mapping_at(body.get("series")), mapping_at(body.get("source"))
    event_time = body.get("eventTime")
    created = metadata.get("creationTimestamp")
    count = series.get("count") or body.get("count")
    return SeenEvent(
        uid=_text(metadata.get("uid")),
        resource_version=_text(metadata.get("resourceVersion")),
        involved=ObjectReference(
            _text(involved.get("kind")),
            _text(involved.get("name")),
            _text(involved.get("namespace") or metadata.get("namespace")),
        ),
        type=_text(body.get("type")),
        reason=_text(body.get("reason")),
        message=_text(body.get("message")),
        count=count if isinstance(count, int) and count > 0 else 1,
        first_seen=_text(body.get("firstTimestamp") or event_time or created),
        last_seen=_text(series.get("lastObservedTime") or body.get("lastTimestamp") or event_time or created),
        reporter=_text(body.get("reportingComponent") or source.get("component")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
