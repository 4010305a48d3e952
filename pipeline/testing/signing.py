"""A signer and a verifier without cryptography: whoever knows a name can sign with it. For tests alone."""

from __future__ import annotations

import hashlib

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.policy import PublicKey, Signature, SignatureFormat, TrustPolicy, VerifiedSignature


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


class NamedVerifier:
    """Accepts what a :class:`NamedSigner` wrote, by the same rules as every verifier."""

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> VerifiedSignature:
        """Compare name and digest."""
        if not policy.keys:
            raise TrustError("no key is trusted, so no signature can be accepted", code="trust.no-keys")
        name, _, signed = signature.content.decode("utf-8", "replace").partition(" signs ")
        if name not in {key.pem for key in policy.keys}:
            raise TrustError("it was not made by a trusted key, or what it signs was changed")
        if signed != digest:
            raise TrustError(f"the signature is about another digest than {digest}")
        fingerprint = f"SHA256:{hashlib.sha256(name.encode('utf-8')).hexdigest()}"
        return VerifiedSignature(
            digest, signature.format, f"{name} ({fingerprint})", fingerprint, signature.found_in or ""
        )
