"""Statements of rollbacks: signed by who lets a tag go back, found by who follows it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.promotion.lock import TagLock
from pipeline.model.promotion.statement import read_rollback, rollback_document
from pipeline.model.trust.patterns import matches_any
from pipeline.model.trust.policy import AllOf, AnyOf, Requirement, SignedBy, Signers, TrustPolicy
from pipeline.model.trust.predicate_types import ROLLBACK
from pipeline.ports import Registry, Signer, Verifier
from pipeline.stages.attest import attest
from pipeline.stages.signature_decisions import is_by
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import TrustPorts


def state_rollback(
    target: PinnedReference, lock: TagLock, registry: Registry, signer: Signer, verifier: Verifier
) -> str:
    """Sign what the rollback does, beside the artifact that the tag goes back to; returns the manifest's digest.

    Raises:
        RefusedError: it would hide the artifact's signatures.
        TrustError: our own statement does not verify.
        RegistryError: the registry could not be written.
    """
    return attest(target, ROLLBACK, rollback_document(lock), registry, signer, verifier).attestation_digest


def is_rollback_stated(
    target: PinnedReference,
    previous: str,
    registry: Registry,
    ports: TrustPorts,
    policy: TrustPolicy,
    *,
    not_before: float,
) -> bool:
    """Whether somebody has stated, at ``not_before`` or later, that one goes back from ``previous``.

    That must be one of the policy's own signers, or, where it has only rules, somebody whom one for this artifact asks
    for a signature: nobody who may only attest. Whoever serves ``previous`` gives the time since when it does, for what
    was stated before that was about another time.

    Raises:
        RegistryError: the registry could not be asked.
        TrustError: there is more beside the artifact than we are willing to read.
    """
    releasing = policy.signers or _asked_to_sign(target, policy)
    judgement = judge_signatures(target, registry, ports.verifier, policy)
    for found in judgement.attestations:
        if found.predicate_type != ROLLBACK or not is_by(found.signature, releasing, ports.expressions):
            continue
        stated = read_rollback(found.predicate, target.digest)
        signed_at = found.signature.signed_at
        if stated is not None and stated.previous == previous and signed_at is not None and signed_at >= not_before:
            return True
    return False


def _asked_to_sign(target: PinnedReference, policy: TrustPolicy) -> Signers:
    rules = [rule for rule in policy.rules if matches_any(rule.artifacts, target.repository)]
    found = [signers for rule in rules for signers in _signing(rule.requirement)]
    return Signers(
        tuple(key for signers in found for key in signers.keys),
        tuple(identity for signers in found for identity in signers.identities),
    )


def _signing(requirement: Requirement) -> Iterator[Signers]:
    if isinstance(requirement, AllOf | AnyOf):
        for part in requirement.parts:
            yield from _signing(part)
    elif isinstance(requirement, SignedBy):
        yield requirement.signers
