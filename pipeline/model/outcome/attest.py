"""What ``gitless attest`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.times import format_time
from pipeline.model.outcome import header, located
from pipeline.model.trust.evidence import VerifiedAttestation


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestResult:
    """One statement about an artifact, made now or before.

    ``attested`` is false where this signer had said exactly the same already, and nothing was written.
    ``attestation_digest`` is the manifest that carries the statement. By a key, ``key_fingerprint`` is its; without
    one, ``identity`` and ``issuer`` are the certificate's. ``log`` is the transparency log's entry and ``signed_at``,
    in seconds since the epoch, the time that a log or a timestamp authority vouches for.
    """

    kind: ClassVar[str] = "AttestResult"

    artifact: PinnedReference
    predicate_type: str
    attestation_digest: str
    signer: str
    key_fingerprint: str = ""
    attested: bool
    identity: str = ""
    issuer: str = ""
    log: str = ""
    signed_at: float | None = None

    @classmethod
    def of(
        cls, artifact: PinnedReference, stated: VerifiedAttestation, attestation_digest: str, *, attested: bool
    ) -> AttestResult:
        """The result from what a verifier has confirmed."""
        by = stated.signature
        return cls(
            artifact=artifact,
            predicate_type=stated.predicate_type,
            attestation_digest=attestation_digest,
            signer=by.signer,
            key_fingerprint=by.fingerprint,
            attested=attested,
            identity=by.identity.subject if by.identity else "",
            issuer=by.identity.issuer if by.identity else "",
            log=by.log,
            signed_at=by.witnessed_at,
        )

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.artifact),
            "predicateType": self.predicate_type,
            "attestationDigest": self.attestation_digest,
            "signer": self.signer,
            "keyFingerprint": self.key_fingerprint,
            "identity": self.identity,
            "issuer": self.issuer,
            "log": self.log,
            "signedAt": None if self.signed_at is None else format_time(self.signed_at),
            "attested": self.attested,
        }
