"""A signer and a verifier without cryptography: whoever knows a name can sign with it. For tests alone."""

from __future__ import annotations

import hashlib

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import Signature, SignatureFormat, Verified, VerifiedSignature
from pipeline.model.trust.in_toto import read_statement
from pipeline.model.trust.policy import PublicKey, TrustPolicy


class NamedSigner:
    """Signs in a name; ``own_policy`` trusts that name."""

    def __init__(self, name: str = "tester", signature_format: SignatureFormat = SignatureFormat.BUNDLE) -> None:
        self.name = name
        self.format = signature_format

    def own_policy(self) -> TrustPolicy:
        """The policy that trusts this name alone."""
        return TrustPolicy((PublicKey(self.name, self.name),))

    def sign(self, subject: PinnedReference) -> Signature:
        """The name and the digest, in writing."""
        mark = None if self.format is SignatureFormat.BUNDLE else "in writing"
        return Signature(self.format, f"{self.name} signs {subject.digest}".encode(), mark)

    def attest(self, statement: bytes) -> Signature:
        """The name and the statement, in writing."""
        return Signature(SignatureFormat.BUNDLE, f"{self.name} states ".encode() + statement)


class NamedVerifier:
    """Accepts what a :class:`NamedSigner` wrote, by the same rules as every verifier."""

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """Compare name and digest."""
        names = {key.pem for key in policy.every_signer.keys}
        if not names:
            raise TrustError("no key is trusted, so no signature can be accepted", code="trust.no-keys")
        stated, separator, statement = signature.content.partition(b" states ")
        if separator:
            if stated.decode("utf-8", "replace") not in names:
                raise TrustError("it was not made by a trusted key, or what it signs was changed")
            return read_statement(statement, digest).by(_verified(digest, signature, stated.decode()))
        name, _, signed = signature.content.decode("utf-8", "replace").partition(" signs ")
        if name not in names:
            raise TrustError("it was not made by a trusted key, or what it signs was changed")
        if signed != digest:
            raise TrustError(f"the signature is about another digest than {digest}")
        return _verified(digest, signature, name)


def _verified(digest: str, signature: Signature, name: str) -> VerifiedSignature:
    fingerprint = f"SHA256:{hashlib.sha256(name.encode('utf-8')).hexdigest()}"
    return VerifiedSignature(
        digest,
        signature.format,
        f"{name} ({fingerprint})",
        fingerprint,
        signature.found_in or "",
        key=PublicKey(name, name),
    )
