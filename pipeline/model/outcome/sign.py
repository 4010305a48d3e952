"""What ``gitless sign`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.times import format_time
from pipeline.model.outcome import header, located
from pipeline.model.trust.evidence import SignatureFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class SignResult:
    """One artifact, signed now or before.

    ``signed`` is false where a valid signature of this format by this signer was there already, and nothing was
    written. ``signature_digest`` is the manifest that carries the signature. By a key, ``key_fingerprint`` is its;
    without one, ``identity`` and ``issuer`` are the certificate's. ``log`` is the transparency log's entry and
    ``signed_at``, in seconds since the epoch, the time that a log or a timestamp authority vouches for.
    """

    kind: ClassVar[str] = "SignResult"

    artifact: PinnedReference
    format: SignatureFormat
    signature_digest: str
    key_fingerprint: str
    signed: bool
    identity: str = ""
    issuer: str = ""
    log: str = ""
    signed_at: float | None = None

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.artifact),
            "signatureDigest": self.signature_digest,
            "format": self.format.value,
            "keyFingerprint": self.key_fingerprint,
            "identity": self.identity,
            "issuer": self.issuer,
            "log": self.log,
            "signedAt": None if self.signed_at is None else format_time(self.signed_at),
            "signed": self.signed,
        }
