"""How signatures and attestations stand in every result document."""

from __future__ import annotations

from typing import Any

from pipeline.model.documents.times import format_time
from pipeline.model.trust.evidence import (
    RejectedSignature,
    SignatureFormat,
    VerifiedAttestation,
    VerifiedSignature,
)


def signature_document(signature: VerifiedSignature) -> dict[str, Any]:
    """Who signed, how and when; what nobody knows is left out but for the key, which is empty without one."""
    document: dict[str, Any] = {
        "format": signature.format.value,
        "signer": signature.signer,
        "keyFingerprint": signature.fingerprint,
        "signatureDigest": signature.found_in,
    }
    if signature.identity is not None:
        document |= {"identity": signature.identity.subject, "issuer": signature.identity.issuer}
        if signature.identity.claims:
            document["claims"] = dict(signature.identity.claims)
    if signature.signed_at is not None:
        document["signedAt"] = format_time(signature.signed_at)
    if signature.time_source is not None:
        document["timeSource"] = signature.time_source.value
    if signature.log:
        document["log"] = signature.log
    return document


def attestation_document(attestation: VerifiedAttestation) -> dict[str, Any]:
    """What kind of statement, and who made it; without the statement."""
    return {
        "predicateType": attestation.predicate_type,
        **signature_document(attestation.signature),
        "format": attestation_format(attestation.signature.format),
    }


def rejected_document(rejected: RejectedSignature) -> dict[str, Any]:
    """Where it was found and why it is not accepted; with what it claims to be, where it does."""
    document = {
        "format": attestation_format(rejected.format) if rejected.is_envelope else rejected.format.value,
        "signatureDigest": rejected.found_in,
        "reason": rejected.reason,
    }
    return document | ({"predicateType": rejected.predicate_type} if rejected.predicate_type else {})


def attestation_format(signature_format: SignatureFormat) -> str:
    """``bundle``, or ``attached`` for what cosign 2 keeps behind ``sha256-<hex>.att``."""
    return "bundle" if signature_format is SignatureFormat.BUNDLE else "attached"
