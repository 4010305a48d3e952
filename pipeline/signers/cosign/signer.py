"""The signing half."""

from __future__ import annotations

import base64
from copy import copy
from typing import TYPE_CHECKING, Protocol

from pipeline.clock import SystemClock
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.bundle import write_bundle
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.model.trust.in_toto import PAYLOAD_TYPE, Envelope, pre_authentication_encoding, sign_statement
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.model.trust.signing_time import with_signed_at
from pipeline.model.trust.simple_signing import write_payload
from pipeline.ports import Clock
from pipeline.signers.cosign import public_keys
from pipeline.signers.cosign.key_files import read_key_file
from pipeline.signers.cosign.private_keys import ReadPassword, parse_private_key

if TYPE_CHECKING:
    from pipeline.signers.cosign.private_keys import SigningKey
    from pipeline.signers.cosign.public_keys import VerifyingKey


class RemoteKey(Protocol):
    """A private key that stays with whoever keeps it."""

    def public_key(self) -> VerifyingKey:
        """Its public half."""
        ...

    def sign(self, content: bytes) -> bytes:
        """A signature over the content: ECDSA (DER) or RSA PKCS #1 v1.5, with SHA-256, or Ed25519."""
        ...


class CosignSigner:
    """Signs with a private key, offline: no certificate, no log, and no time but the one that it says itself."""

    def __init__(
        self, key: SigningKey | RemoteKey, source: str, signature_format: SignatureFormat, clock: Clock | None = None
    ) -> None:
        self.format = signature_format
        self._clock = clock or SystemClock()
        self._key = key
        self._public_key = PublicKey(public_keys.public_pem(key.public_key()), source)

    @classmethod
    def from_file(cls, file: str, signature_format: SignatureFormat, read_password: ReadPassword) -> CosignSigner:
        """Open a key file; the password is asked for only where the key is encrypted.

        Raises:
            ConfigurationError: the file is not a private key, or the password is wrong.
        """
        return cls(parse_private_key(read_key_file(file), file, read_password), file, signature_format)

    @classmethod
    def from_key(cls, content: bytes, source: str, read_password: ReadPassword) -> CosignSigner:
        """Open a key that is no file; ``source`` names it in messages. Signatures are bundles.

        Raises:
            ConfigurationError: it is not a private key, or the password is wrong.
        """
        return cls(
            parse_private_key(content.decode("utf-8", "replace"), source, read_password), source, SignatureFormat.BUNDLE
        )

    @classmethod
    def generated(cls, source: str) -> CosignSigner:
        """A signer whose key, ECDSA P-256, is made now and kept nowhere; ``source`` names it in messages."""
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

        return cls(generate_private_key(SECP256R1()), source, SignatureFormat.BUNDLE)

    def in_format(self, signature_format: SignatureFormat) -> CosignSigner:
        """The same key, signing in this format."""
        other = copy(self)
        other.format = signature_format
        return other

    def own_policy(self) -> TrustPolicy:
        """The policy that trusts this key alone."""
        return TrustPolicy((self._public_key,))

    def sign(self, subject: PinnedReference) -> Signature:
        """Sign the digest in this signer's format."""
        if self.format is SignatureFormat.SIMPLE:
            payload = write_payload(subject.repository, subject.digest, self._clock.now())
            encoded = base64.b64encode(self._sign(payload)).decode("ascii")
            return Signature(SignatureFormat.SIMPLE, payload, encoded)
        return self.attest(sign_statement(subject.digest))

    def attest(self, statement: bytes) -> Signature:
        """Sign an in-toto statement, and say when."""
        statement = with_signed_at(statement, self._clock.now())
        envelope = Envelope(PAYLOAD_TYPE, statement, self._sign(pre_authentication_encoding(PAYLOAD_TYPE, statement)))
        hint = public_keys.key_hint(self._key.public_key())
        return Signature(SignatureFormat.BUNDLE, write_bundle(envelope, hint))

    def _sign(self, content: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        # SHA-256 for every kind of key: Flux checks with no other.
        if isinstance(self._key, EllipticCurvePrivateKey):
            return self._key.sign(content, ECDSA(SHA256()))
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(content, PKCS1v15(), SHA256())
        return self._key.sign(content)
