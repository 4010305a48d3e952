"""Evidence as verifiers make it, written by hand, and decisions over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.trust.decision import Decision
from pipeline.model.trust.evidence import (
    CertificateIdentity,
    Judgement,
    RejectedSignature,
    SignatureFormat,
    TimeSource,
    VerifiedAttestation,
    VerifiedSignature,
)
from pipeline.model.trust.policy import Identity, PublicKey, Requirement, Rule, Signers, TrustPolicy
from pipeline.model.trust.predicate_types import SLSA_PROVENANCE_V1
from pipeline.stages.trust_decisions import decide

DIGEST = "sha256:" + "ab" * 32
OTHER_DIGEST = "sha256:" + "cd" * 32
NOW = 1_000_000_000.0
DAY = 86400.0

EXPRESSIONS = CelExpressions()
GITHUB = "https://token.actions.githubusercontent.com"
SHOP = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
OURS, THEIRS = PublicKey("our pem", "ours.pub"), PublicKey("their pem", "theirs.pub")
RELEASE = Identity(subject=SHOP, issuer=GITHUB)
BOTH = Signers((OURS, THEIRS))


def artifact(repository: str = "ghcr.io/acme/shop") -> PinnedReference:
    return parse_reference(f"oci://{repository}@{DIGEST}").pinned()


def by_key(key: PublicKey = OURS, *, signed_at: float | None = None, digest: str = DIGEST) -> VerifiedSignature:
    return VerifiedSignature(
        digest,
        SignatureFormat.BUNDLE,
        f"{key.source} (SHA256:{key.source})",
        f"SHA256:{key.source}",
        "sha256:found",
        key=key,
        signed_at=signed_at,
        time_source=None if signed_at is None else TimeSource.LOG,
    )


def keyless(subject: str = SHOP, issuer: str = GITHUB, *, signed_at: float | None = NOW) -> VerifiedSignature:
    return VerifiedSignature(
        DIGEST,
        SignatureFormat.BUNDLE,
        f"{subject} by {issuer}",
        found_in="sha256:found",
        identity=CertificateIdentity(subject, issuer),
        signed_at=signed_at,
    )


def attestation(
    predicate_type: str = SLSA_PROVENANCE_V1,
    predicate: Mapping[str, Any] | None = None,
    signature: VerifiedSignature | None = None,
) -> VerifiedAttestation:
    return VerifiedAttestation(predicate_type, predicate or {}, signature or by_key())


def judgement(*items: VerifiedSignature | VerifiedAttestation | RejectedSignature) -> Judgement:
    return Judgement(
        tuple(item for item in items if isinstance(item, VerifiedSignature)),
        tuple(item for item in items if isinstance(item, VerifiedAttestation)),
        tuple(item for item in items if isinstance(item, RejectedSignature)),
    )


def ruled(requirement: Requirement, *patterns: str) -> TrustPolicy:
    """A policy of one rule."""
    return TrustPolicy(rules=(Rule("release", patterns or ("ghcr.io/acme/**",), requirement),))


def decided(
    policy: TrustPolicy,
    *items: VerifiedSignature | VerifiedAttestation | RejectedSignature,
    of: PinnedReference | None = None,
) -> Decision:
    return decide(of or artifact(), judgement(*items), policy, EXPRESSIONS, NOW)


def leaf(decision: Decision) -> Decision:
    """The only one there is."""
    (found,) = decision.leaves()
    return found
