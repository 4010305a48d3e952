"""Sign: put one signature by one key beside an artifact, unless it is there already."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome.sign import SignResult
from pipeline.model.trust.evidence import Signature, VerifiedSignature
from pipeline.ports import Registry, Signer, Verifier
from pipeline.stages.attaching import attach, check_shadowing, read_subject
from pipeline.stages.signatures import judge_signatures


def sign(
    artifact: PinnedReference,
    registry: Registry,
    signer: Signer,
    verifier: Verifier,
    *,
    allow_shadowing: bool = False,
) -> SignResult:
    """Sign a digest that exists; a valid signature of the same format by the same key is not added twice.

    Signatures made by keys are random, so sameness is found out by verifying what is there. ``allow_shadowing`` adds a
    signature even where it hides others, or is hidden by others (see :func:`check_shadowing`).

    Raises:
        ArtifactNotFoundError: there is no such digest.
        RefusedError: one of the signatures would never be looked at.
        TrustError: what is stored is not what its digest says, or our own signature does not verify.
        RegistryError: the registry could not be read or written.
    """
    subject = read_subject(artifact, registry)
    judgement = judge_signatures(artifact, registry, verifier, signer.own_policy())
    for own in judgement.accepted:
        if own.format is signer.format:
            return SignResult(
                artifact=artifact,
                format=own.format,
                signature_digest=own.found_in,
                key_fingerprint=own.fingerprint,
                signed=False,
            )
    if not allow_shadowing:
        check_shadowing(artifact, signer.format, judgement)
    signature = signer.sign(artifact)
    verified = _verified(artifact, signature, signer, verifier)
    return SignResult(
        artifact=artifact,
        format=signature.format,
        signature_digest=attach(registry, subject, signature),
        key_fingerprint=verified.fingerprint,
        signed=True,
    )


def _verified(artifact: PinnedReference, signature: Signature, signer: Signer, verifier: Verifier) -> VerifiedSignature:
    verified = verifier.verify(artifact.digest, signature, signer.own_policy())
    if not isinstance(verified, VerifiedSignature):
        raise PipelineError("our own signature reads as an attestation")
    return verified
