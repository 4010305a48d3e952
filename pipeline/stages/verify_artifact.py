"""Verify one artifact alone: is it signed by whom we trust, and is what the registry serves what was signed."""

from __future__ import annotations

from pipeline.model.artifact.manifest import ANNOTATION_REVISION, ANNOTATION_SOURCE, parse_manifest
from pipeline.model.artifact.reference import Reference
from pipeline.model.documents.printable import printable
from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.trust.evidence import Judgement, RejectedSignature, SignatureFormat
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Expressions, Registry
from pipeline.stages.fetch import pin
from pipeline.stages.signature_decisions import is_by
from pipeline.stages.trust import TrustPorts, check_policy, evaluate_trust, require_passed

_WIDTH = 200


def verify_artifact(
    reference: Reference, registry: Registry, ports: TrustPorts, policy: TrustPolicy
) -> VerifyArtifactResult:
    """Resolve the reference once, judge every signature of that digest, and read every blob against its digest.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: no signature is accepted, or a manifest or blob is not what its digest says.
        RegistryError: the registry could not be read.
    """
    check_policy(policy)
    artifact = pin(reference, registry)
    verdict = require_passed(evaluate_trust(artifact, registry, ports, policy), policy)
    manifest = parse_manifest(registry.read_manifest(artifact.digest))
    for blob in manifest.blobs:
        for _ in registry.read_blob(blob):
            pass
    return VerifyArtifactResult(
        artifact=artifact,
        source=manifest.annotations.get(ANNOTATION_SOURCE, ""),
        revision=manifest.annotations.get(ANNOTATION_REVISION, ""),
        judgement=_by_the_trusted(verdict.judgement, policy, ports.expressions),
    )


def _by_the_trusted(judgement: Judgement, policy: TrustPolicy, expressions: Expressions) -> Judgement:
    """The same with only those as accepted whom the policy names: whoever has a certificate verifies."""
    signers = policy.every_signer
    strangers = [
        RejectedSignature(item.format, item.found_in, f"it is by {item.signer}, whom nobody named")
        for item in judgement.accepted
        if not is_by(item, signers, expressions)
    ]
    strangers += [
        RejectedSignature(
            item.signature.format,
            item.signature.found_in,
            f"it is by {item.signature.signer}, whom nobody named",
            printable(item.predicate_type, _WIDTH),
            is_envelope=item.signature.format is SignatureFormat.SIMPLE,
        )
        for item in judgement.attestations
        if not is_by(item.signature, signers, expressions)
    ]
    return Judgement(
        tuple(item for item in judgement.accepted if is_by(item, signers, expressions)),
        tuple(item for item in judgement.attestations if is_by(item.signature, signers, expressions)),
        (*judgement.rejected, *strangers),
    )
