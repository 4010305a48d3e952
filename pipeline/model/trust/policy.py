"""Who is believed, what was found, and the proof that manifests passed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.manifests import Manifests


class SignatureFormat(StrEnum):
    """How cosign stores a signature beside an artifact."""

    BUNDLE = "bundle"
    """Sigstore bundle v0.3 with a DSSE envelope, attached as a referrer (cosign v3, Flux 2.8 and later)."""
    SIMPLE = "simple"
    """Simple-signing payload behind the tag ``sha256-<hex>.sig`` (cosign v2, Flux before 2.8)."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key in PEM (SubjectPublicKeyInfo) and where it came from, for messages."""

    pem: str
    source: str


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Any one of the keys is enough; no keys at all refuses everything."""

    keys: tuple[PublicKey, ...] = ()


@dataclass(frozen=True, slots=True)
class UnsafeSkipVerification:
    """Asked for by name instead of a policy: nothing is checked, and whatever is applied is recorded as unverified."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as found beside, or made for, an artifact.

    ``content`` is the bundle's JSON, or the simple-signing payload; ``signature`` is the base64 signature over the
    payload and only set for the simple format. ``found_in`` names the manifest that carried it.
    """

    format: SignatureFormat
    content: bytes = field(repr=False)
    signature: str | None = None
    found_in: str | None = None


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that was checked against a digest; only verifiers make these."""

    digest: str
    format: SignatureFormat
    signer: str
    """The key's file and fingerprint."""
    fingerprint: str = ""
    """``SHA256:<hex>`` of the key's SubjectPublicKeyInfo in DER."""
    found_in: str = ""
    """Digest of the manifest that carried the signature."""


@dataclass(frozen=True, slots=True)
class RejectedSignature:
    """Something found where signatures are kept that was not accepted, and which check it failed."""

    format: SignatureFormat
    found_in: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy makes of all signatures of one digest."""

    accepted: tuple[VerifiedSignature, ...] = ()
    rejected: tuple[RejectedSignature, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustedManifests:
    """Manifests that may be applied. Only ``stages/fetch.py`` makes these; a test guards it.

    ``signatures`` is empty exactly when verification was skipped on request, which the inventory then records.
    ``reference`` is ``None`` for a local folder, which can only be applied with verification skipped.
    """

    manifests: Manifests
    reference: PinnedReference | None
    source: str = ""
    revision: str = ""
    signatures: tuple[VerifiedSignature, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Whether at least one accepted signature stands behind the manifests."""
        return bool(self.signatures)
