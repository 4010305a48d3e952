"""What ``gitless verify`` found out about what runs: who signed it, whether it drifted, whether it is healthy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.cluster import Event
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import header
from pipeline.model.outcome.signatures import signature_document
from pipeline.model.plan import Change, object_document
from pipeline.model.trust.evidence import VerifiedSignature


class Verdict(StrEnum):
    """What came of one part."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not asked for; it stands in no way."""
    UNKNOWN = "unknown"
    """It could not be found out, which is as good as failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePart:
    """Whether the recorded digest is signed by somebody who is trusted."""

    verdict: Verdict
    message: str
    signatures: tuple[VerifiedSignature, ...] = ()

    def document(self) -> dict[str, Any]:
        """The part as JSON."""
        return {
            "verdict": self.verdict.value,
            "message": self.message,
            "signatures": [signature_document(item) for item in self.signatures],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPart:
    """Whether applying the recorded artifact again would change anything.

    In ``changes``, a field's ``before`` is what is live and ``after`` what the artifact says. ``problems`` are what
    else applying would run into, such as a namespace that is gone.
    """

    verdict: Verdict
    message: str
    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The part as JSON."""
        return {
            "verdict": self.verdict.value,
            "message": self.message,
            "changes": [change.document() for change in self.changes],
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerReport:
    """A container that is in trouble: its state in words, and its last log lines (of its previous run, if so)."""

    name: str
    state: str
    lines: tuple[str, ...] = ()
    is_previous: bool = False

    def document(self) -> dict[str, Any]:
        """The container as JSON."""
        return {"name": self.name, "state": self.state, "previous": self.is_previous, "log": list(self.lines)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodReport:
    """A pod that is in trouble."""

    name: str
    health: Health
    events: tuple[Event, ...] = ()
    containers: tuple[ContainerReport, ...] = ()

    def document(self) -> dict[str, Any]:
        """The pod as JSON."""
        return {
            "name": self.name,
            **health_document(self.health),
            "events": [event_document(event) for event in self.events],
            "containers": [container.document() for container in self.containers],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What may explain why an object is not healthy; pods beyond the first few are only counted."""

    events: tuple[Event, ...] = ()
    pods: tuple[PodReport, ...] = ()
    more_pods: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHealth:
    """One object of the inventory, its health, and for some that are not healthy what may explain it."""

    object_id: ObjectId
    api_version: str
    health: Health
    findings: Findings = Findings()

    def document(self) -> dict[str, Any]:
        """The object as JSON; what explains it is there only where something does."""
        document = {**object_document(self.object_id, self.api_version), **health_document(self.health)}
        found = self.findings
        if found.events:
            document["events"] = [event_document(event) for event in found.events]
        if found.pods:
            document["pods"] = [pod.document() for pod in found.pods]
        if found.more_pods:
            document["morePods"] = found.more_pods
        if found.notes:
            document["notes"] = list(found.notes)
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPart:
    """Whether every object has become what it asks for."""

    verdict: Verdict
    message: str
    objects: tuple[ObjectHealth, ...] = ()

    @property
    def unhealthy(self) -> tuple[ObjectHealth, ...]:
        """The gravest first: failed and missing before what may still come."""
        waiting = {HealthStatus.IN_PROGRESS, HealthStatus.TERMINATING}
        bad = [item for item in self.objects if not item.health.is_current]
        return tuple(sorted(bad, key=lambda item: item.health.status in waiting))

    def document(self) -> dict[str, Any]:
        """The part as JSON."""
        return {
            "verdict": self.verdict.value,
            "message": self.message,
            "ready": len(self.objects) - len(self.unhealthy),
            "total": len(self.objects),
            "objects": [item.document() for item in self.objects],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """All parts; ``artifact`` is ``None`` where the inventory names none, ``elapsed`` is in seconds.

    ``incomplete`` says why the inventory itself is no proof, such as an apply that has not finished.
    """

    kind: ClassVar[str] = "VerifyResult"

    cluster: str
    namespace: str
    inventory: str
    artifact: PinnedReference | None
    source: str
    revision: str
    signature: SignaturePart
    drift: DriftPart
    health: HealthPart
    incomplete: str = ""
    elapsed: float = 0.0

    @property
    def failures(self) -> tuple[str, ...]:
        """What did not pass, in a word each: ``apply``, ``signature``, ``drift``, ``health``."""
        parts = {"signature": self.signature.verdict, "drift": self.drift.verdict, "health": self.health.verdict}
        bad = tuple(name for name, verdict in parts.items() if verdict in {Verdict.FAILED, Verdict.UNKNOWN})
        return ("apply", *bad) if self.incomplete else bad

    @property
    def is_verified(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "verified": self.is_verified,
            "failures": list(self.failures),
            "cluster": self.cluster,
            "inventory": {"namespace": self.namespace, "name": self.inventory, "problem": self.incomplete or None},
            "repository": str(self.artifact.repository) if self.artifact else None,
            "digest": self.artifact.digest if self.artifact else None,
            "digestUrl": self.artifact.digest_url if self.artifact else None,
            "source": self.source,
            "revision": self.revision,
            "signature": self.signature.document(),
            "drift": self.drift.document(),
            "health": self.health.document(),
            "elapsedSeconds": round(self.elapsed, 3),
        }


def health_document(health: Health) -> dict[str, Any]:
    """A verdict of kstatus as JSON."""
    return {"status": health.status.value, "reason": health.reason, "message": health.message}


def event_document(event: Event) -> dict[str, Any]:
    """An event as JSON."""
    return {
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "count": event.count,
        "lastSeen": event.last_seen,
    }
