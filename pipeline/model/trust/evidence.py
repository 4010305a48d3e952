"""What is found beside an artifact, and what of it a verifier has confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.model.trust.policy import PublicKey


class SignatureFormat(StrEnum):
    """How cosign stores a signature beside an artifact."""

    BUNDLE = "bundle"
    """Sigstore bundle v0.3 with a DSSE envelope, attached as a referrer (cosign v3, Flux 2.8 and later)."""
    SIMPLE = "simple"
    """Simple-signing payload behind the tag ``sha256-<hex>.sig`` (cosign v2, Flux before 2.8)."""


@dataclass(frozen=True, slots=True)
class KeylessMaterial:
    """What cosign 2 keeps in annotations beside a simple or attached signature made without a key; all unchecked.

    ``certificate`` and ``chain`` are PEM, ``log_entry`` is the JSON of a Rekor entry with its promise
    (``dev.sigstore.cosign/bundle``), ``timestamp`` the JSON with an RFC 3161 response
    (``dev.sigstore.cosign/rfc3161timestamp``); empty where the annotation is missing.
    """

    certificate: str
    chain: str = ""
    log_entry: str = ""
    timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature or attestation as found beside, or made for, an artifact.

    ``content`` is the bundle's JSON, the simple-signing payload, or (``is_envelope``) the JSON of a bare DSSE envelope
    such as cosign 2 keeps behind ``sha256-<hex>.att``; ``signature`` is the base64 signature over the payload and only
    set for a simple-signing payload. ``found_in`` names the manifest that carried it.
    """

    format: SignatureFormat
    content: bytes = field(repr=False)
    signature: str | None = None
    found_in: str | None = None
    keyless: KeylessMaterial | None = None
    is_envelope: bool = False


class TimeSource(StrEnum):
    """Who says when something was signed."""

    SIGNER = "signer"
    """The signer itself, in the words that it signed; as good as the signer."""
    LOG = "log"
    """A transparency log that the trusted root names."""
    AUTHORITY = "authority"
    """A timestamp authority that the trusted root names."""


@dataclass(frozen=True, slots=True)
class CertificateIdentity:
    """Who a keyless certificate was issued to, and by which identity provider.

    ``claims`` are the certificate's other Fulcio extensions by their names in the specification
    (``sigstore/fulcio``, ``docs/oid-info.md``), such as ``sourceRepositoryURI`` or ``buildTrigger``.
    """

    subject: str
    issuer: str
    claims: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that was checked against a digest; only verifiers make these."""

    digest: str
    format: SignatureFormat
    signer: str
    """The key's file and fingerprint, or the certificate's subject and issuer."""
    fingerprint: str = ""
    """``SHA256:<hex>`` of the key's SubjectPublicKeyInfo in DER; empty for keyless signatures."""
    found_in: str = ""
    """Digest of the manifest that carried the signature."""
    key: PublicKey | None = None
    """Which of the policy's keys made it."""
    identity: CertificateIdentity | None = None
    """Who signed without a key of their own."""
    signed_at: float | None = None
    """Seconds since the epoch, UTC; ``None`` where nobody says."""
    time_source: TimeSource | None = None
    log: str = ""
    """The transparency log's entry, such as ``rekor.sigstore.dev 1234567``; empty where there is none."""

    @property
    def witnessed_at(self) -> float | None:
        """When it was signed, where somebody else than the signer says so."""
        return None if self.time_source is TimeSource.SIGNER else self.signed_at


@dataclass(frozen=True, slots=True)
class VerifiedAttestation:
    """A statement about a digest whose signature was checked; only verifiers make these."""

    predicate_type: str
    predicate: Mapping[str, Any] = field(repr=False, hash=False)
    signature: VerifiedSignature
    """Who says so."""


Verified = VerifiedSignature | VerifiedAttestation


@dataclass(frozen=True, slots=True)
class RejectedSignature:
    """Something found where signatures are kept that was not accepted, and which check it failed."""

    format: SignatureFormat
    found_in: str
    reason: str
    predicate_type: str = ""
    """What it claims to be, unchecked; empty where that cannot be read."""
    is_envelope: bool = False
    """Whether it is a bare envelope, or was found where only those are kept (``sha256-<hex>.att``)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What verifying makes of everything found beside one digest: whose it is, not whether that is enough."""

    accepted: tuple[VerifiedSignature, ...] = ()
    attestations: tuple[VerifiedAttestation, ...] = ()
    rejected: tuple[RejectedSignature, ...] = ()

    @classmethod
    def of(cls, judged: Iterable[Verified | RejectedSignature]) -> Judgement:
        """All of these, each kind in the order given."""
        items = tuple(judged)
        return cls(
            tuple(item for item in items if isinstance(item, VerifiedSignature)),
            tuple(item for item in items if isinstance(item, VerifiedAttestation)),
            tuple(item for item in items if isinstance(item, RejectedSignature)),
        )
