"""What ``gitless reconcile`` came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.errors import VerificationError
from pipeline.model.cluster import ResourceType
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux.views import Key, digest_of
from pipeline.model.flux.waiting import State
from pipeline.model.outcome import header

_WORDS = {State.DELIVERED: "ready", State.WAITING: "timeout"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledObject:
    """One object that was waited for; ``revision`` is what it has now, ``waiting`` as state means that time ran out."""

    resource_type: ResourceType
    key: Key
    state: State
    revision: str
    message: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.resource_type.kind} {self.key}"

    def document(self) -> dict[str, Any]:
        """As a part of a JSON document."""
        return {
            "apiVersion": self.resource_type.api_version,
            "kind": self.resource_type.kind,
            "namespace": self.key.namespace,
            "name": self.key.name,
            "result": _WORDS.get(self.state, "failed"),
            "revision": self.revision,
            "digest": digest_of(self.revision),
            "message": self.message,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileResult:
    """The objects in their order, up to the first that did not become ready; ``timeout`` in seconds."""

    kind: ClassVar[str] = "ReconcileResult"

    objects: tuple[ReconciledObject, ...]
    timeout: float

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {**header(self.kind), "objects": [item.document() for item in self.objects]}


def require_reconciled(objects: Sequence[ReconciledObject], timeout: float) -> None:
    """Check that all became ready.

    Raises:
        VerificationError: some did not; each is named with what its condition says.
    """
    failed = [item for item in objects if item.state is not State.DELIVERED]
    if not failed:
        return
    has_ended = any(item.state is not State.WAITING for item in failed)
    within = "" if has_ended else f" within {format_duration(timeout)}"
    raise VerificationError(
        "; ".join(f"{item} did not become ready{within}: {item.message}" for item in failed),
        code="verification.reconciliation" if has_ended else "verification.timeout",
    )
