"""What the attest stage of ``gitless run`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located
from pipeline.model.outcome.attest import AttestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationsResult:
    """Everything that was stated about one artifact, now or before."""

    kind: ClassVar[str] = "AttestationsResult"

    artifact: PinnedReference
    attestations: tuple[AttestResult, ...]

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.artifact),
            "attestations": [
                {
                    "predicateType": made.predicate_type,
                    "attestationDigest": made.attestation_digest,
                    "signer": made.signer,
                    "keyFingerprint": made.key_fingerprint or None,
                    "attested": made.attested,
                }
                for made in self.attestations
            ],
        }
