"""Signatures whose signer and time a test may choose; what is checked of them is not what these tests are about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import CertificateIdentity, Signature, TimeSource, Verified, VerifiedSignature
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.sign import sign
from tests.trusting import trusting
from tests.unit.sign.support import private_key, public_pem, signer
from tests.unit.sources.worlds import World

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "https://github.com/acme/shop/.github/workflows/release.yaml@refs/heads/main"


@dataclass
class Witness:
    """Implements the port ``Verifier``: says of each digest what it was told to."""

    said: dict[str, VerifiedSignature] = field(default_factory=dict)
    policies: list[TrustPolicy] = field(default_factory=list)

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """The signature of that digest."""
        self.policies.append(policy)
        found = self.said.get(digest)
        if found is None:
            raise TrustError("nobody knows who made it")
        return replace(found, found_in=signature.found_in or "")


def witnessed(world: World) -> Witness:
    """Take the place of the world's verifier."""
    witness = Witness()
    world.deps = replace(world.deps, trust=trusting(witness, world.clock))
    return witness


def push(
    world: World,
    witness: Witness,
    content: bytes = b"kind: ConfigMap\n",
    *,
    at: float | None = None,
    subject: str = SUBJECT,
    issuer: str = ISSUER,
    key: str = "",
    **where: Any,  # noqa: ANN401 - of several types
) -> PinnedReference:
    """Publish a signed artifact; ``at`` is when it was signed."""
    artifact = world.push({"a.yaml": content}, **where)
    sign(artifact, world.registry, signer("ours"), CosignVerifier())
    world.calls()
    made = VerifiedSignature(
        artifact.digest,
        signer("ours").format,
        key or f"{subject} by {issuer}",
        key=PublicKey(public_pem(private_key(key)), key) if key else None,
        identity=CertificateIdentity(subject, issuer) if not key else None,
        signed_at=at,
        time_source=TimeSource.LOG if at is not None else None,
    )
    witness.said[artifact.digest] = made
    return artifact
