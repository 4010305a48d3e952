"""Attest: put one signed statement about an artifact beside it, unless its signer has said the same already."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.errors import PipelineError, UsageError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome.attest import AttestResult
from pipeline.model.trust.bundle import MAX_BUNDLE_BYTES
from pipeline.model.trust.evidence import Signature, VerifiedAttestation
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE, write_statement
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry, Signer, Verifier
from pipeline.stages.attaching import attach, check_attestation_shadowing, is_own, read_subject
from pipeline.stages.signatures import judge_signatures


def attest(
    artifact: PinnedReference,
    predicate_type: str,
    predicate: Mapping[str, Any],
    registry: Registry,
    signer: Signer,
    verifier: Verifier,
    *,
    allow_shadowing: bool = False,
    essence: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> AttestResult:
    """State something about a digest that exists, signed, and verified before anybody else can see it.

    ``allow_shadowing`` attests even where a first bundle hides the ``.sig`` signatures that are there. ``essence`` is
    what of a predicate counts for whether the same was stated before.

    Raises:
        ArtifactNotFoundError: there is no such digest.
        UsageError: the predicate is no JSON, or larger than what is ever read back.
        RefusedError: the artifact's signatures would never be looked at again.
        TrustError: what is stored is not what its digest says, or our own statement does not verify.
        RegistryError: the registry could not be read or written.
    """
    if predicate_type == SIGN_PREDICATE_TYPE:
        raise UsageError(
            f"a statement of type {SIGN_PREDICATE_TYPE} is a signature, no attestation", hint="use `gitless sign`"
        )
    _canonical(predicate)
    canonical = _canonical(essence(predicate))
    subject = read_subject(artifact, registry)
    policy = signer.own_policy()
    judgement = judge_signatures(artifact, registry, verifier, policy)
    for found in judgement.attestations:
        is_alike = found.predicate_type == predicate_type and is_own(found.signature, policy)
        if is_alike and _canonical(essence(found.predicate)) == canonical:
            return AttestResult.of(artifact, found, found.signature.found_in, attested=False)
    if not allow_shadowing:
        check_attestation_shadowing(artifact, judgement)
    signature = signer.attest(write_statement(artifact.digest, artifact.repository.name, predicate_type, predicate))
    verified = _verified(artifact, signature, policy, verifier)
    attached = attach(registry, subject, signature, predicate_type)
    return AttestResult.of(artifact, verified, attached, attested=True)


def _canonical(predicate: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(predicate, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (ValueError, TypeError, RecursionError):
        raise UsageError("the predicate cannot be written as JSON", hint="expected a JSON object") from None
    return text


def _verified(
    artifact: PinnedReference, signature: Signature, policy: TrustPolicy, verifier: Verifier
) -> VerifiedAttestation:
    if len(signature.content) > MAX_BUNDLE_BYTES:
        size = len(signature.content)
        raise UsageError(
            f"the signed attestation has {size} bytes, and nobody reads more than {MAX_BUNDLE_BYTES}",
            hint="attest less, or a reference to where it is kept",
        )
    verified = verifier.verify(artifact.digest, signature, policy)
    if not isinstance(verified, VerifiedAttestation):
        raise PipelineError("our own attestation reads as a signature")
    if not is_own(verified.signature, policy):
        raise PipelineError(f"our own attestation is by {verified.signature.signer}")
    return verified
