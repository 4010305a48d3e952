"""What ``gitless history`` found: a cluster's deploy records, or what became of one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipeline.model.deployments.history import Counts
from pipeline.model.deployments.record import DeployRecord, ObjectEvent
from pipeline.model.documents.times import format_time
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import header
from pipeline.model.promotion.lock import TagLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One record; ``counts`` compare it with the one before, where one is kept. ``signer`` may be nobody.

    ``tags`` point at its artifact now, and ``rolled_back`` is the lock by which a tag went back from it since; both
    only where that was asked for.
    """

    record: DeployRecord
    record_digest: str
    signer: str = ""
    counts: Counts | None = None
    tags: tuple[str, ...] = ()
    rolled_back: TagLock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryResult:
    """Deployments to a cluster, newest first, or with ``objects`` what became of those, the newest event first."""

    kind: ClassVar[str] = "HistoryResult"

    repository: str
    cluster: str
    deployments: tuple[Deployment, ...]
    objects: Mapping[ObjectId, tuple[ObjectEvent, ...]] | None = field(default=None, hash=False)
    """``None`` where nobody asked for an object."""
    notes: tuple[str, ...] = ()
    locks: tuple[TagLock, ...] | None = None
    """Of the artifacts' tags, in force or released; ``None`` where nobody asked for tags."""

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        document: dict[str, Any] = {
            **header(self.kind),
            "repository": self.repository,
            "cluster": self.cluster,
            "deployments": [_deployment(item) for item in self.deployments],
            "notes": list(self.notes),
        }
        if self.locks is not None:
            document["locks"] = [lock.document() for lock in self.locks]
            for told, item in zip(document["deployments"], self.deployments, strict=True):
                told["tags"] = list(item.tags)
                told["rolledBack"] = item.rolled_back.reason if item.rolled_back is not None else None
        if self.objects is not None:
            document["objects"] = [
                {
                    "group": key.group,
                    "kind": key.kind,
                    "namespace": key.namespace,
                    "name": key.name,
                    "events": [_event(event) for event in events],
                }
                for key, events in self.objects.items()
            ]
        return document


def _deployment(item: Deployment) -> dict[str, Any]:
    record, counts = item.record, item.counts
    return {
        "time": format_time(record.time),
        "repository": record.repository,
        "digest": record.digest,
        "inventory": record.inventory,
        "path": record.path,
        "result": record.result.value,
        "message": record.message,
        "source": record.source,
        "revision": record.revision,
        "verifiedBy": list(record.verified_by),
        "overrides": list(record.overrides),
        "objects": len(record.objects),
        "changes": None
        if counts is None
        else {
            "created": counts.created,
            "changed": counts.changed,
            "deleted": counts.deleted,
            "unknown": counts.unknown,
        },
        "recordDigest": item.record_digest,
        "signer": item.signer,
    }


def _event(event: ObjectEvent) -> dict[str, str]:
    return {
        "time": format_time(event.time),
        "digest": event.digest,
        "revision": event.revision,
        "change": event.change,
    }
