"""What a decision about trust needs, around any verifier."""

from __future__ import annotations

from pipeline.clock import SystemClock
from pipeline.expressions.cel import CelExpressions
from pipeline.model.trust.evidence import Verified, VerifiedSignature
from pipeline.ports import Clock, Verifier
from pipeline.stages.trust import TrustPorts


def trusting(verifier: Verifier, clock: Clock | None = None) -> TrustPorts:
    return TrustPorts(verifier, CelExpressions(), clock or SystemClock())


def signature_of(verified: Verified) -> VerifiedSignature:
    """What was verified, which must be a signature."""
    assert isinstance(verified, VerifiedSignature), f"an attestation of type {verified.predicate_type}"
    return verified
