"""Statements without a key, by a real deployment on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.attestation.bill import Bill
from pipeline.model.manifests import Manifests
from pipeline.signers.verifier import SignatureVerifier
from pipeline.stages.attest import attest
from pipeline.stages.signatures import judge_signatures
from pipeline.testing.registry import MemoryRegistry
from tests.contract.registry.servers import Silent
from tests.integration.keyless.conftest import policy_of, signer_of
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment
from tests.unit.attest.support import deployment
from tests.unit.sign.support import stored_artifact

SCAN = "https://acme.dev/scan/v1"


@pytest.fixture
def verifier(tmp_path: Path) -> SignatureVerifier:
    return SignatureVerifier({}, Silent(), str(tmp_path))


def test_an_identity_says_the_same_only_once(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier
) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    predicate = {"findings": 0}

    first, again, others = (
        attest(artifact, SCAN, predicate, registry, signer_of(sigstore_deployment, subject), verifier)
        for subject in (SUBJECT, SUBJECT, "https://github.com/somebody/else")
    )

    assert (first.attested, again.attested, others.attested) == (True, False, True)
    assert (first.identity, first.issuer, first.key_fingerprint) == (SUBJECT, ISSUER, "")
    assert first.log
    assert first.signed_at is not None
    assert again.attestation_digest == first.attestation_digest
    judgement = judge_signatures(artifact, registry, verifier, policy_of(sigstore_deployment))
    assert [found.predicate for found in judgement.attestations] == [predicate, predicate]


def test_a_bill_of_a_thousand_objects_is_signed_and_read_back(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier
) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    many = Manifests.of(deployment(f"ghcr.io/acme/shop:{number}", name=f"web-{number}") for number in range(1000))
    sbom = wiring.sbom("cyclonedx")
    document = sbom.write(Bill.of(artifact, many))

    done = attest(artifact, sbom.predicate_type, document, registry, signer_of(sigstore_deployment), verifier)

    assert done.attested
    judgement = judge_signatures(artifact, registry, verifier, policy_of(sigstore_deployment))
    assert [found.predicate for found in judgement.attestations] == [document]
