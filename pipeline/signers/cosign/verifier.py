"""The verifying half."""

from __future__ import annotations

from pipeline.errors import TrustError
from pipeline.model.documents.strict_json import decode_base64
from pipeline.model.trust.bundle import read_envelope
from pipeline.model.trust.in_toto import check_sign_statement
from pipeline.model.trust.policy import PublicKey, Signature, SignatureFormat, TrustPolicy, VerifiedSignature
from pipeline.model.trust.simple_signing import MAX_PAYLOAD_BYTES, check_payload
from pipeline.signers.cosign import public_keys


class CosignVerifier:
    """Accepts a key's signature over exactly the digest in question, in either of cosign's formats."""

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> VerifiedSignature:
        """Check the signature first and believe the signed words only then.

        Raises:
            TrustError: a check failed; the message says which.
        """
        if not policy.keys:
            raise TrustError("no key is trusted, so no signature can be accepted", code="trust.no-keys")
        if signature.format is SignatureFormat.BUNDLE:
            envelope = read_envelope(signature.content)
            key = _signing_key(policy, envelope.signature, envelope.signed_bytes)
            check_sign_statement(envelope.payload, digest)
        else:
            if len(signature.content) > MAX_PAYLOAD_BYTES:
                raise TrustError(f"the signed payload is larger than {MAX_PAYLOAD_BYTES} bytes")
            raw = decode_base64(signature.signature or "", "the signature")
            key = _signing_key(policy, raw, signature.content)
            check_payload(signature.content, digest)
        fingerprint = public_keys.fingerprint(public_keys.parse_public_key(key.pem, key.source))
        return VerifiedSignature(
            digest=digest,
            format=signature.format,
            signer=f"{key.source} ({fingerprint})",
            fingerprint=fingerprint,
            found_in=signature.found_in or "",
        )


def _signing_key(policy: TrustPolicy, signature: bytes, content: bytes) -> PublicKey:
    for key in policy.keys:
        if public_keys.is_signed_by(public_keys.parse_public_key(key.pem, key.source), signature, content):
            return key
    raise TrustError("it was not made by a trusted key, or what it signs was changed")
