"""Kubernetes Events as Flux's recorder writes them: what they say, and which of them are worth a request.

Sources: fluxcd ``pkg/runtime/events``, client-go ``tools/record`` (the correlator: counting and the spam filter).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.flux.conditions import timestamp
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.manifests import Body, group_of

MAX_MESSAGE = 1024
"""Characters; more would do no harm to the API server, but a cluster's events are kept for an hour in etcd's memory."""
_MAX_ANNOTATION = 1024
_MAX_NAME = 253
_COPIED_PREFIX = "event.toolkit.fluxcd.io/"
_CONTROLLERS = {OCI_REPOSITORIES.kind: "source-controller", KUSTOMIZATIONS.kind: "kustomize-controller"}

BURST = 25
SECONDS_PER_EVENT = 300.0
_REMEMBERED = 2048


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event about one object, at one time (seconds since the epoch)."""

    involved: Mapping[str, str] = field(hash=False)
    event: ObjectEvent = field(hash=False)
    annotations: Mapping[str, str] = field(hash=False)
    time: float

    @classmethod
    def of(cls, about: Body, event: ObjectEvent, time: float) -> Occurrence:
        """Keep of the object what the event needs."""
        metadata = about.get("metadata") or {}
        involved = {
            "kind": str(about.get("kind") or ""),
            "namespace": str(metadata.get("namespace") or ""),
            "name": str(metadata.get("name") or ""),
            "uid": str(metadata.get("uid") or ""),
            "apiVersion": str(about.get("apiVersion") or ""),
            "resourceVersion": str(metadata.get("resourceVersion") or ""),
        }
        return cls({key: value for key, value in involved.items() if value}, event, _annotations(about, event), time)

    @property
    def namespace(self) -> str:
        """Where the event is written: where the object is, or ``default``."""
        return self.involved.get("namespace") or "default"

    @property
    def about(self) -> bytes:
        """Which object it is about, in few bytes."""
        return _digest(self.involved.get(key, "") for key in ("kind", "namespace", "name", "uid"))

    @property
    def key(self) -> bytes:
        """What makes it the same event once more, in few bytes."""
        event = self.event
        return self.about + _digest((event.severity, event.reason, event.message[:MAX_MESSAGE]))

    def document(self, *, controller: str, instance: str, number: int = 0) -> dict[str, Any]:
        """The Event (core/v1); its name is the object's and the time, as client-go makes it.

        ``number`` tells apart what happens at once.
        """
        component = _CONTROLLERS.get(self.involved.get("kind", ""), controller)
        suffix = f".{int(self.time * 1e9) + number:x}"
        time = timestamp(self.time)
        message = self.event.message
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": self.involved.get("name", "")[: _MAX_NAME - len(suffix)] + suffix,
                "namespace": self.namespace,
                **({"annotations": dict(self.annotations)} if self.annotations else {}),
            },
            "involvedObject": dict(self.involved),
            "type": "Warning" if self.event.severity is Severity.ERROR else "Normal",
            "reason": self.event.reason,
            "message": message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…",
            "source": {"component": component, "host": instance},
            "reportingComponent": component,
            "reportingInstance": instance,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        }


@dataclass(slots=True)
class _Allowance:
    left: float
    since: float


class SpamFilter:
    """Lets 25 events about an object through, and then one every five minutes, as client-go's does."""

    def __init__(self) -> None:
        self._allowances: OrderedDict[bytes, _Allowance] = OrderedDict()

    def lets(self, occurrence: Occurrence) -> bool:
        """Whether this one may be written; it counts then."""
        found = self._allowances.pop(occurrence.about, None) or _Allowance(BURST, occurrence.time)
        self._allowances[occurrence.about] = found
        if len(self._allowances) > _REMEMBERED:
            self._allowances.popitem(last=False)
        passed = max(0.0, occurrence.time - found.since)
        found.left = min(BURST, found.left + passed / SECONDS_PER_EVENT)
        found.since = occurrence.time
        if found.left < 1:
            return False
        found.left -= 1
        return True


def _digest(parts: Iterable[str]) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(errors="replace"), digest_size=12).digest()


def _annotations(about: Body, event: ObjectEvent) -> dict[str, str]:
    """The event's metadata under the group of the object's kind, and what its author wants to be told with it."""
    group = group_of(str(about.get("apiVersion") or ""))
    own = (about.get("metadata") or {}).get("annotations") or {}
    copied = {key: str(value) for key, value in own.items() if key.startswith(_COPIED_PREFIX)}
    told = {key if "/" in key or not group else f"{group}/{key}": value for key, value in event.metadata.items()}
    return {key: value[:_MAX_ANNOTATION] for key, value in (copied | told).items()}
