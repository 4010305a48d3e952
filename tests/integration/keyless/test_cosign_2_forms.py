"""Keyless signatures as cosign 2 keeps them: material in annotations beside a payload or a bare envelope."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore_models.rekor.v1 import TransparencyLogEntry

from pipeline.errors import TrustError
from pipeline.model.trust.evidence import KeylessMaterial, Signature, SignatureFormat, TimeSource, VerifiedAttestation
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.policy import TrustPolicy
from pipeline.model.trust.simple_signing import write_payload
from pipeline.signers.verifier import SignatureVerifier
from tests.integration.keyless.conftest import (
    ARTIFACT,
    OTHER_DIGEST,
    encoded,
    policy_of,
    signer_of,
)
from tests.platform.sigstore.deployment import SUBJECT, SigstoreDeployment
from tests.trusting import signature_of

TYPE = "https://cyclonedx.org/bom"


def annotation_of(entry: TransparencyLogEntry) -> str:
    payload = {
        "body": encoded(entry.canonicalized_body),
        "integratedTime": entry.integrated_time,
        "logIndex": entry.log_index,
        "logID": entry.log_id.key_id.hex(),
    }
    assert entry.inclusion_promise is not None
    promise = encoded(entry.inclusion_promise.signed_entry_timestamp)
    return json.dumps({"SignedEntryTimestamp": promise, "Payload": payload})


@pytest.fixture(scope="session")
def simple(sigstore_deployment: SigstoreDeployment) -> Signature:
    from sigstore._utils import sha256_digest

    signer: Any = signer_of(sigstore_deployment)
    certificate, opened = signer._certificate(), signer._opened()
    payload = write_payload(ARTIFACT.repository, ARTIFACT.digest, 1.0)
    made = opened._private_key.sign(payload, ECDSA(SHA256()))
    rekor = signer._services.context._rekor
    entry = rekor.create_entry(
        rekor._build_hashed_rekord_request(hashed_input=sha256_digest(payload), signature=made, certificate=certificate)
    )
    stamp = signer._services.timestamp_authorities[0].request_timestamp(made).as_bytes()
    keyless = KeylessMaterial(
        certificate.public_bytes(Encoding.PEM).decode(),
        log_entry=annotation_of(entry._inner),
        timestamp=json.dumps({"SignedRFC3161Timestamp": encoded(stamp)}),
    )
    return Signature(SignatureFormat.SIMPLE, payload, encoded(made), OTHER_DIGEST, keyless)


@pytest.fixture(scope="session")
def envelope(sigstore_deployment: SigstoreDeployment) -> Signature:
    from sigstore.models import Bundle

    statement = write_statement(ARTIFACT.digest, "team/app", TYPE, {"bomFormat": "CycloneDX"})
    signature = signer_of(sigstore_deployment).attest(statement)
    bundle = Bundle.from_json(signature.content)
    keyless = KeylessMaterial(
        bundle.signing_certificate.public_bytes(Encoding.PEM).decode(), log_entry=annotation_of(bundle.log_entry._inner)
    )
    content = json.dumps(json.loads(signature.content)["dsseEnvelope"]).encode()
    return Signature(SignatureFormat.BUNDLE, content, None, OTHER_DIGEST, keyless, is_envelope=True)


def test_a_payload_with_annotations_is_a_signature(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, simple: Signature
) -> None:
    verified = signature_of(verifier.verify(ARTIFACT.digest, simple, policy_of(sigstore_deployment)))

    assert verified.identity is not None
    assert (verified.identity.subject, verified.format) == (SUBJECT, SignatureFormat.SIMPLE)
    assert (verified.time_source, verified.found_in) == (TimeSource.LOG, OTHER_DIGEST)


def test_a_bare_envelope_with_annotations_is_an_attestation(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, envelope: Signature
) -> None:
    verified = verifier.verify(ARTIFACT.digest, envelope, policy_of(sigstore_deployment))

    assert isinstance(verified, VerifiedAttestation)
    assert (verified.predicate_type, verified.predicate) == (TYPE, {"bomFormat": "CycloneDX"})


def test_a_timestamp_does_where_no_log_is_required(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, simple: Signature
) -> None:
    assert simple.keyless is not None
    unlogged = replace(simple, keyless=replace(simple.keyless, log_entry=""))

    relaxed = signature_of(
        verifier.verify(ARTIFACT.digest, unlogged, policy_of(sigstore_deployment, requires_log=False))
    )

    assert relaxed.time_source is TimeSource.AUTHORITY
    with pytest.raises(TrustError, match="it is in no transparency log"):
        verifier.verify(ARTIFACT.digest, unlogged, policy_of(sigstore_deployment))


def test_another_digest_is_refused_in_both_forms(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, simple: Signature, envelope: Signature
) -> None:
    for signature in (simple, envelope):
        with pytest.raises(TrustError, match="about another digest"):
            verifier.verify(OTHER_DIGEST, signature, policy_of(sigstore_deployment))


def test_annotations_of_another_signature_are_refused(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, simple: Signature, envelope: Signature
) -> None:
    assert simple.keyless is not None
    assert envelope.keyless is not None
    policy = policy_of(sigstore_deployment)
    swaps = [
        (replace(simple, keyless=replace(simple.keyless, log_entry=envelope.keyless.log_entry)), "which does not say"),
        (replace(envelope, keyless=replace(envelope.keyless, log_entry=simple.keyless.log_entry)), "which does not"),
        (replace(simple, keyless=envelope.keyless), "not made by its certificate's key"),
        (replace(simple, content=simple.content + b" "), "not made by its certificate's key"),
        (replace(simple, keyless=replace(simple.keyless, certificate="no PEM")), "cannot be read"),
        (replace(simple, keyless=replace(simple.keyless, log_entry="{}")), "lacks 'Payload'"),
        (replace(simple, keyless=replace(simple.keyless, log_entry='{"Payload":{"logID":"zz"}}')), "malformed"),
        (replace(simple, keyless=replace(simple.keyless, timestamp="[]")), "the timestamp is not a JSON object"),
        (replace(simple, signature="é"), "is not base64"),
    ]

    for signature, message in swaps:
        with pytest.raises(TrustError, match=message):
            verifier.verify(ARTIFACT.digest, signature, policy)


def test_without_a_trusted_identity_it_is_refused(verifier: SignatureVerifier, simple: Signature) -> None:
    with pytest.raises(TrustError, match="no identity is trusted"):
        verifier.verify(ARTIFACT.digest, simple, TrustPolicy())
