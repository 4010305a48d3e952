"""Keyless signatures and attestations by a real deployment on loopback, found, verified and shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore.models import Bundle

from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.outcome.inspect import InspectResult
from pipeline.model.trust.evidence import CertificateIdentity
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.policy import Identity, TrustPolicy
from pipeline.reports import render_result
from pipeline.signers.certificates import read_certificate
from pipeline.signers.verifier import SignatureVerifier
from pipeline.stages.attest import attest
from pipeline.stages.inspect import inspect
from pipeline.stages.sign import sign
from pipeline.stages.verify_artifact import verify_artifact
from pipeline.testing.registry import MemoryRegistry
from tests.contract.registry.servers import Silent
from tests.integration.keyless.conftest import policy_of, signer_of
from tests.integration.keyless.test_cosign_2_forms import annotation_of
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment
from tests.trusting import trusting
from tests.unit.inspect.support import BOM, CYCLONEDX, GITHUB_PROVENANCE, PROVENANCE, attached
from tests.unit.sign.support import referrer, stored_artifact

OTHER = "https://other.test/workflow"


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def verifier(tmp_path: Path) -> SignatureVerifier:
    return SignatureVerifier({}, Silent(), str(tmp_path))


@pytest.fixture
def artifact(
    registry: MemoryRegistry, sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier
) -> PinnedReference:
    """Signed, and with provenance, by the tests' subject."""
    artifact = stored_artifact(registry)
    signer = signer_of(sigstore_deployment)
    sign(artifact, registry, signer, verifier)
    attest(artifact, PROVENANCE, GITHUB_PROVENANCE, registry, signer, verifier)
    return artifact


def inspected(
    artifact: PinnedReference, registry: MemoryRegistry, verifier: SignatureVerifier, policy: TrustPolicy
) -> InspectResult:
    reference = Reference(artifact.repository, digest=artifact.digest)
    return inspect(reference, registry, trusting(verifier), policy, read_certificate)


def test_who_when_and_where_is_shown_of_what_is_verified(
    registry: MemoryRegistry,
    artifact: PinnedReference,
    verifier: SignatureVerifier,
    sigstore_deployment: SigstoreDeployment,
) -> None:
    result = inspected(artifact, registry, verifier, policy_of(sigstore_deployment))

    (signature,), (attestation,) = result.document()["signatures"], result.document()["attestations"]
    for item in (signature, attestation):
        assert (item["identity"], item["issuer"], item["accepted"]) == (SUBJECT, ISSUER, True)
        assert (item["timeSource"], item["log"].startswith("127.0.0.1:")) == ("log", True)
        assert item["signedAt"].endswith("Z")
    text = render_result(result, "text")
    assert f"✓ by {SUBJECT} (issuer {ISSUER}), signed 20" in text
    assert "(as the log says), logged in 127.0.0.1:" in text


def test_without_anybody_named_it_is_shown_whom_the_certificates_name(
    registry: MemoryRegistry, artifact: PinnedReference, verifier: SignatureVerifier
) -> None:
    result = inspected(artifact, registry, verifier, TrustPolicy())

    for item in (*result.signatures, *result.attestations):
        assert item.claimed_identity is not None
        assert (item.claimed_identity.subject, item.claimed_identity.issuer) == (SUBJECT, ISSUER)
        assert (item.verified, item.claimed_log != "", item.claimed_time is not None) == (None, True, True)


def test_a_stranger_with_a_good_certificate_is_verified_and_not_accepted(
    registry: MemoryRegistry,
    artifact: PinnedReference,
    verifier: SignatureVerifier,
    sigstore_deployment: SigstoreDeployment,
) -> None:
    stranger = signer_of(sigstore_deployment, OTHER)
    sign(artifact, registry, stranger, verifier)
    attest(artifact, CYCLONEDX, BOM, registry, stranger, verifier)

    policy = policy_of(sigstore_deployment)
    result = inspected(artifact, registry, verifier, policy)
    verified = verify_artifact(
        Reference(artifact.repository, digest=artifact.digest), registry, trusting(verifier), policy
    )

    by = {item.verified.signer: item.accepted for item in result.signatures if item.verified}
    assert by == {f"{SUBJECT} (issuer {ISSUER})": True, f"{OTHER} (issuer {ISSUER})": False}
    document = verified.document()
    assert [item["identity"] for item in document["signatures"]] == [SUBJECT]
    assert [item["predicateType"] for item in document["attestations"]] == [PROVENANCE]
    assert [f"{OTHER} (issuer {ISSUER}), whom nobody named" in item["reason"] for item in document["notAccepted"]] == [
        True,
        True,
    ]
    assert f"not accepted: attestation cyclonedx in {document['notAccepted'][1]['signatureDigest']}" in render_result(
        verified, "text"
    )


def test_a_keyless_attestation_of_cosign_2_is_found_and_verified(
    registry: MemoryRegistry, verifier: SignatureVerifier, sigstore_deployment: SigstoreDeployment
) -> None:
    artifact = stored_artifact(registry)
    statement = write_statement(artifact.digest, "repo", CYCLONEDX, BOM)
    bundle = Bundle.from_json(signer_of(sigstore_deployment).attest(statement).content)
    annotations = {
        "dev.sigstore.cosign/certificate": bundle.signing_certificate.public_bytes(Encoding.PEM).decode(),
        "dev.sigstore.cosign/bundle": annotation_of(bundle.log_entry._inner),
        "predicateType": CYCLONEDX,
    }
    content = json.dumps(json.loads(bundle.to_json())["dsseEnvelope"]).encode()
    attached(registry, artifact, [(content, annotations)])

    (attestation,) = inspected(artifact, registry, verifier, policy_of(sigstore_deployment)).attestations
    (claimed,) = inspected(artifact, registry, verifier, TrustPolicy()).attestations

    assert (attestation.accepted, attestation.format, attestation.predicate) == (True, "attached", BOM)
    assert claimed.claimed_identity == CertificateIdentity(SUBJECT, ISSUER)
    assert claimed.claimed_log == str(bundle.log_entry._inner.log_index)


def test_a_keyless_signature_hung_where_attestations_are_kept_does_not_count(
    registry: MemoryRegistry, verifier: SignatureVerifier, sigstore_deployment: SigstoreDeployment
) -> None:
    artifact = stored_artifact(registry)
    bundle = Bundle.from_json(signer_of(sigstore_deployment).sign(artifact).content)
    annotations = {
        "dev.sigstore.cosign/certificate": bundle.signing_certificate.public_bytes(Encoding.PEM).decode(),
        "dev.sigstore.cosign/bundle": annotation_of(bundle.log_entry._inner),
    }
    content = json.dumps(json.loads(bundle.to_json())["dsseEnvelope"]).encode()
    attached(registry, artifact, [(content, annotations)])

    result = inspected(artifact, registry, verifier, policy_of(sigstore_deployment))

    assert result.is_trusted is False
    assert "signature where attestations are kept" in (*result.signatures, *result.attestations)[0].reason


def test_a_bundle_that_a_stranger_hangs_there_breaks_nothing(
    registry: MemoryRegistry,
    artifact: PinnedReference,
    verifier: SignatureVerifier,
    sigstore_deployment: SigstoreDeployment,
) -> None:
    referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, b"{}")])
    identity = Identity(subject=OTHER, issuer=ISSUER)
    policy = policy_of(sigstore_deployment)

    assert inspected(artifact, registry, verifier, policy).is_trusted is True
    other = TrustPolicy(identities=(identity,), trusted_root=policy.trusted_root)
    assert inspected(artifact, registry, verifier, other).is_trusted is False
