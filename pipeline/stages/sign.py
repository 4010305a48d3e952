"""Sign: put one signature by one signer beside an artifact, unless it is there already."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome.sign import SignResult
from pipeline.model.trust.evidence import Judgement, RejectedSignature, Signature, VerifiedSignature
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry, Signer, Verifier
from pipeline.stages.attaching import attach, check_shadowing, is_own, read_subject
from pipeline.stages.signatures import judge_signatures


def sign(
    artifact: PinnedReference,
    registry: Registry,
    signer: Signer,
    verifier: Verifier,
    *,
    allow_shadowing: bool = False,
) -> SignResult:
    """Sign a digest that exists; a valid signature of the same format by the same signer is not added twice.

    Signatures made by keys are random, so sameness is found out by verifying what is there. ``allow_shadowing`` adds a
    signature even where it hides others, or is hidden by others (see :func:`check_shadowing`).

    Raises:
        ArtifactNotFoundError: there is no such digest.
        RefusedError: one of the signatures would never be looked at.
        TrustError: what is stored is not what its digest says, or our own signature does not verify.
        RegistryError: the registry could not be read or written.
    """
    subject = read_subject(artifact, registry)
    policy = signer.own_policy()
    judgement = _parted(judge_signatures(artifact, registry, verifier, policy), policy)
    for own in judgement.accepted:
        if own.format is signer.format:
            return _result(artifact, own, own.found_in, signed=False)
    if not allow_shadowing:
        check_shadowing(artifact, signer.format, judgement)
    signature = signer.sign(artifact)
    verified = _verified(artifact, signature, policy, verifier)
    return _result(artifact, verified, attach(registry, subject, signature), signed=True)


def _parted(judgement: Judgement, policy: TrustPolicy) -> Judgement:
    """The same with only the signer's own as accepted: whoever has a certificate verifies, whoever it is."""
    own = tuple(item for item in judgement.accepted if is_own(item, policy))
    foreign = tuple(
        RejectedSignature(item.format, item.found_in, f"it is by {item.signer}")
        for item in judgement.accepted
        if not is_own(item, policy)
    )
    return Judgement(own, judgement.attestations, judgement.rejected + foreign)


def _result(artifact: PinnedReference, by: VerifiedSignature, signature_digest: str, *, signed: bool) -> SignResult:
    return SignResult(
        artifact=artifact,
        format=by.format,
        signature_digest=signature_digest,
        key_fingerprint=by.fingerprint,
        signed=signed,
        identity=by.identity.subject if by.identity else "",
        issuer=by.identity.issuer if by.identity else "",
        log=by.log,
        signed_at=by.witnessed_at,
    )


def _verified(
    artifact: PinnedReference, signature: Signature, policy: TrustPolicy, verifier: Verifier
) -> VerifiedSignature:
    verified = verifier.verify(artifact.digest, signature, policy)
    if not isinstance(verified, VerifiedSignature):
        raise PipelineError("our own signature reads as an attestation")
    if not is_own(verified, policy):
        raise PipelineError(f"our own signature is by {verified.signer}")
    return verified
