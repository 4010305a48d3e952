"""The verifying half."""

from __future__ import annotations

from pipeline.errors import TrustError
from pipeline.model.documents.strict_json import decode_base64
from pipeline.model.trust.bundle import read_bare_envelope, read_envelope
from pipeline.model.trust.evidence import Signature, SignatureFormat, Verified, VerifiedAttestation, VerifiedSignature
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE, Envelope, check_sign_statement, read_statement
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.model.trust.simple_signing import MAX_PAYLOAD_BYTES, check_payload
from pipeline.signers.cosign import public_keys


class CosignVerifier:
    """Accepts a key's signature over exactly the digest in question, in either of cosign's formats."""

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """Check the signature first and believe the signed words only then.

        Raises:
            TrustError: a check failed; the message says which.
        """
        keys = policy.every_signer.keys
        if not keys:
            raise TrustError("no key is trusted, so no signature can be accepted", code="trust.no-keys")
        if signature.format is SignatureFormat.BUNDLE:
            return _bundle(digest, signature, keys)
        if signature.is_envelope:
            return _attached(digest, signature, keys)
        if len(signature.content) > MAX_PAYLOAD_BYTES:
            raise TrustError(f"the signed payload is larger than {MAX_PAYLOAD_BYTES} bytes")
        key = _signing_key(keys, decode_base64(signature.signature or "", "the signature"), signature.content)
        check_payload(signature.content, digest)
        return _verified(digest, signature, key)


def _attached(digest: str, signature: Signature, keys: tuple[PublicKey, ...]) -> Verified:
    stated = _stated(digest, signature, read_bare_envelope(signature.content), keys)
    if isinstance(stated, VerifiedSignature):
        raise TrustError("it is a signature where attestations are kept; signatures are bundles, or behind .sig")
    return stated


def _bundle(digest: str, signature: Signature, keys: tuple[PublicKey, ...]) -> Verified:
    return _stated(digest, signature, read_envelope(signature.content), keys)


def _stated(digest: str, signature: Signature, envelope: Envelope, keys: tuple[PublicKey, ...]) -> Verified:
    verified = _verified(digest, signature, _signing_key(keys, envelope.signature, envelope.signed_bytes))
    predicate_type, predicate = read_statement(envelope.payload, digest)
    if predicate_type != SIGN_PREDICATE_TYPE:
        return VerifiedAttestation(predicate_type, predicate, verified)
    check_sign_statement(envelope.payload, digest)
    return verified


def _verified(digest: str, signature: Signature, key: PublicKey) -> VerifiedSignature:
    fingerprint = public_keys.fingerprint(public_keys.parse_public_key(key.pem, key.source))
    return VerifiedSignature(
        digest=digest,
        format=signature.format,
        signer=f"{key.source} ({fingerprint})",
        fingerprint=fingerprint,
        found_in=signature.found_in or "",
        key=key,
    )


def _signing_key(keys: tuple[PublicKey, ...], signature: bytes, content: bytes) -> PublicKey:
    for key in keys:
        if public_keys.is_signed_by(public_keys.parse_public_key(key.pem, key.source), signature, content):
            return key
    raise TrustError("it was not made by a trusted key, or what it signs was changed")
