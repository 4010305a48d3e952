"""What ``gitless attest`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestResult:
    """One statement about an artifact, made now or before.

    ``attested`` is false where this signer had said exactly the same already, and nothing was written.
    ``attestation_digest`` is the manifest that carries the statement.
    """

    kind: ClassVar[str] = "AttestResult"

    artifact: PinnedReference
    predicate_type: str
    attestation_digest: str
    signer: str
    key_fingerprint: str = ""
    """Empty where it was signed without a key."""
    attested: bool

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "repository": str(self.artifact.repository),
            "digest": self.artifact.digest,
            "digestUrl": self.artifact.digest_url,
            "predicateType": self.predicate_type,
            "attestationDigest": self.attestation_digest,
            "signer": self.signer,
            "keyFingerprint": self.key_fingerprint or None,
            "attested": self.attested,
        }
