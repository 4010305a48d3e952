"""Judge the signatures and attestations of a digest; shared by everything that asks whether an artifact is trusted."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.claims import claimed_type
from pipeline.model.trust.evidence import (
    Judgement,
    RejectedSignature,
    Signature,
    Verified,
    VerifiedSignature,
)
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry, Verifier
from pipeline.stages.finding import Found, find_signatures


def judge_signatures(
    artifact: PinnedReference, registry: Registry, verifier: Verifier, policy: TrustPolicy
) -> Judgement:
    """Every signature of the artifact, accepted or not, in the order in which they were found.

    Raises:
        RegistryError: the registry could not be asked.
    """
    judgement = Judgement()
    for judgement in growing_judgement(artifact, registry, verifier, policy):  # noqa: B007 - the last has it all
        pass
    return judgement


def growing_judgement(
    artifact: PinnedReference, registry: Registry, verifier: Verifier, policy: TrustPolicy
) -> Iterator[Judgement]:
    """The judgement so far, after everything that was confirmed, and at last with all that was not.

    Raises:
        RegistryError: the registry could not be asked.
    """
    judged: list[Verified | RejectedSignature] = []
    for found in find_signatures(registry, artifact.digest):
        judged.append(judge(artifact.digest, found, verifier, policy))
        if not isinstance(judged[-1], RejectedSignature):
            yield Judgement.of(judged)
    yield Judgement.of(judged)


def judge(digest: str, found: Found, verifier: Verifier, policy: TrustPolicy) -> Verified | RejectedSignature:
    """One of those that were found: who made it, or why it is not accepted."""
    if isinstance(found, RejectedSignature):
        return found
    try:
        verified = verifier.verify(digest, found, policy)
    except TrustError as error:
        return _rejected(found, error.message)
    if found.is_envelope and isinstance(verified, VerifiedSignature):
        return _rejected(found, "it is a signature where attestations are kept; signatures are bundles, or behind .sig")
    return verified


def _rejected(found: Signature, reason: str) -> RejectedSignature:
    return RejectedSignature(
        found.format, found.found_in or "", reason, claimed_type(found), is_envelope=found.is_envelope
    )
