"""The verifying half."""

from __future__ import annotations

from pipeline.clock import SystemClock
from pipeline.errors import TrustError
from pipeline.model.documents.strict_json import decode_base64
from pipeline.model.trust.bundle import read_bare_envelope, read_envelope
from pipeline.model.trust.evidence import (
    Signature,
    SignatureFormat,
    TimeSource,
    Verified,
    VerifiedSignature,
)
from pipeline.model.trust.in_toto import Envelope, read_statement
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.model.trust.signing_time import signed_at_of_payload, signed_at_of_statement
from pipeline.model.trust.simple_signing import MAX_PAYLOAD_BYTES, check_payload
from pipeline.ports import Clock
from pipeline.signers.cosign import public_keys


class CosignVerifier:
    """Accepts a key's signature over exactly the digest in question, in either of cosign's formats."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """Check the signature first and believe the signed words only then.

        Raises:
            TrustError: a check failed; the message says which.
        """
        keys = policy.every_signer.keys
        if not keys:
            raise TrustError("it was made with a key, and no key is trusted", code="trust.no-keys")
        now = self._clock.now()
        if signature.is_envelope:
            return _stated(digest, signature, read_bare_envelope(signature.content), keys, now)
        if signature.format is SignatureFormat.BUNDLE:
            return _stated(digest, signature, read_envelope(signature.content), keys, now)
        if len(signature.content) > MAX_PAYLOAD_BYTES:
            raise TrustError(f"the signed payload is larger than {MAX_PAYLOAD_BYTES} bytes")
        key = _signing_key(keys, decode_base64(signature.signature or "", "the signature"), signature.content)
        check_payload(signature.content, digest)
        return _verified(digest, signature, key, signed_at_of_payload(signature.content, now))


def _stated(digest: str, signature: Signature, envelope: Envelope, keys: tuple[PublicKey, ...], now: float) -> Verified:
    key = _signing_key(keys, envelope.signature, envelope.signed_bytes)
    statement = read_statement(envelope.payload, digest)
    return statement.by(_verified(digest, signature, key, signed_at_of_statement(statement, now)))


def _verified(digest: str, signature: Signature, key: PublicKey, signed_at: float | None) -> VerifiedSignature:
    fingerprint = public_keys.fingerprint(public_keys.parse_public_key(key.pem, key.source))
    return VerifiedSignature(
        digest=digest,
        format=signature.format,
        signer=f"{key.source} ({fingerprint})",
        fingerprint=fingerprint,
        found_in=signature.found_in or "",
        key=key,
        signed_at=signed_at,
        time_source=None if signed_at is None else TimeSource.SIGNER,
    )


def _signing_key(keys: tuple[PublicKey, ...], signature: bytes, content: bytes) -> PublicKey:
    for key in keys:
        if public_keys.is_signed_by(public_keys.parse_public_key(key.pem, key.source), signature, content):
            return key
    raise TrustError("it was not made by a trusted key, or what it signs was changed")
