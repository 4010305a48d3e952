"""What ``gitless wait`` came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.errors import VerificationError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux.views import digest_of
from pipeline.model.flux.waiting import State, Verdict
from pipeline.model.outcome import header, located


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitResult:
    """How the delivery of one digest ended; ``waiting`` as state means that time ran out. Times in seconds.

    ``trouble`` is what kept us from seeing more, if anything.
    """

    kind: ClassVar[str] = "WaitResult"

    artifact: PinnedReference
    cluster: str
    verdict: Verdict
    seconds: float
    timeout: float
    trouble: str = ""
    advice: str = "give it longer with --timeout, or make the cluster look now with --reconcile"
    """What may help where time ran out."""

    @property
    def outcome(self) -> str:
        """``delivered``, ``failed``, ``superseded`` or ``timeout``."""
        return "timeout" if self.verdict.state is State.WAITING else self.verdict.state.value

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.artifact, tag=self.artifact.tag),
            "cluster": self.cluster,
            "delivered": self.verdict.state is State.DELIVERED,
            "outcome": self.outcome,
            "reason": self.verdict.reason,
            "seconds": round(self.seconds, 3),
            "kustomizations": [
                {
                    "namespace": line.kustomization.namespace,
                    "name": line.kustomization.name,
                    "source": {"namespace": line.source.namespace, "name": line.source.name},
                    "state": line.state.value,
                    "lastAppliedRevision": line.revision,
                    "lastAppliedDigest": digest_of(line.revision),
                    "message": line.message,
                }
                for line in self.verdict.lines
            ],
        }


def require_delivered(result: WaitResult) -> None:
    """Check that the digest was delivered.

    Raises:
        VerificationError: it failed, was superseded, or did not come in time; the reason is told.
    """
    state, reason = result.verdict.state, result.verdict.reason
    if state is State.DELIVERED:
        return
    hint = next((line.hint for line in result.verdict.lines if line.state is state and line.hint), None)
    if state is State.WAITING:
        told = f"{reason}; {result.trouble}" if result.trouble else reason
        raise VerificationError(
            f"{result.artifact} was not delivered within {format_duration(result.timeout)}: {told}",
            hint=hint or result.advice,
            code="verification.timeout",
        )
    word = "was superseded" if state is State.SUPERSEDED else "was not delivered"
    raise VerificationError(f"{result.artifact} {word}: {reason}", hint=hint, code=f"verification.{state.value}")
