"""How signatures stand in every result, as JSON and in words."""

from __future__ import annotations

import json

from pipeline.model.artifact.reference import PinnedReference, Reference, Repository
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.pull import PullResult
from pipeline.model.outcome.signatures import attestation_document, rejected_document, signature_document
from pipeline.model.plan import Plan
from pipeline.model.trust.evidence import (
    CertificateIdentity,
    RejectedSignature,
    SignatureFormat,
    TimeSource,
    VerifiedAttestation,
    VerifiedSignature,
)
from pipeline.reports import render_result
from pipeline.reports.text.signatures import in_words, witnesses
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.sign import sign
from pipeline.stages.verify_artifact import verify_artifact
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.inspect.support import CYCLONEDX, PROVENANCE, about, attached, attested, envelope
from tests.unit.sign.support import DIGEST, OTHER_DIGEST, policy, signer, stored_artifact

BY_KEY = VerifiedSignature(DIGEST, SignatureFormat.BUNDLE, "ours.pub (SHA256:1)", "SHA256:1", OTHER_DIGEST)
KEYLESS = VerifiedSignature(
    DIGEST,
    SignatureFormat.BUNDLE,
    "me by them",
    found_in=OTHER_DIGEST,
    identity=CertificateIdentity("me", "them", {"buildTrigger": "push"}),
    signed_at=1793491200.0,
    time_source=TimeSource.LOG,
    log="rekor.test 7",
)


def test_a_signature_by_a_key_says_no_more_than_is_known() -> None:
    assert signature_document(BY_KEY) == {
        "format": "bundle",
        "signer": "ours.pub (SHA256:1)",
        "keyFingerprint": "SHA256:1",
        "signatureDigest": OTHER_DIGEST,
    }
    assert (in_words(BY_KEY), witnesses(BY_KEY)) == ("ours.pub (SHA256:1)", "")


def test_a_keyless_signature_says_who_when_and_where() -> None:
    assert signature_document(KEYLESS) == {
        "format": "bundle",
        "signer": "me by them",
        "keyFingerprint": "",
        "signatureDigest": OTHER_DIGEST,
        "identity": "me",
        "issuer": "them",
        "claims": {"buildTrigger": "push"},
        "signedAt": "2026-11-01T00:00:00Z",
        "timeSource": "log",
        "log": "rekor.test 7",
    }
    assert in_words(KEYLESS) == "me by them, signed 2026-11-01T00:00:00Z (as the log says), logged in rekor.test 7"


def test_what_a_signer_is_called_cannot_draw_on_the_terminal() -> None:
    hostile = VerifiedSignature(
        DIGEST, SignatureFormat.BUNDLE, "\x1b[2Jme\nTrust: trusted", log="\x9blog", signed_at=1e30
    )

    assert in_words(hostile) == "me Trust: trusted, signed , logged in log"


def test_attestations_and_rejected_ones_are_told_apart_from_signatures() -> None:
    attached_one = VerifiedSignature(DIGEST, SignatureFormat.SIMPLE, "ours.pub", found_in=OTHER_DIGEST)
    document = attestation_document(VerifiedAttestation(PROVENANCE, {}, attached_one))
    rejected = RejectedSignature(SignatureFormat.SIMPLE, OTHER_DIGEST, "no", PROVENANCE, is_envelope=True)

    assert (document["predicateType"], document["format"]) == (PROVENANCE, "attached")
    assert rejected_document(rejected) == {
        "format": "attached",
        "signatureDigest": OTHER_DIGEST,
        "reason": "no",
        "predicateType": PROVENANCE,
    }


def test_verifying_an_artifact_lists_attestations_by_the_trusted() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    sign(artifact, registry, signer(), CosignVerifier())
    attested(registry, artifact, CYCLONEDX, {})
    attached(registry, artifact, [(envelope(about(artifact, PROVENANCE, {}), "theirs"), {})])

    result = verify_artifact(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), policy("ours"))

    document = result.document()
    assert [item["predicateType"] for item in document["attestations"]] == [CYCLONEDX]
    assert [item["predicateType"] for item in document["notAccepted"]] == [PROVENANCE]
    text = render_result(result, "text")
    assert "  attestation cyclonedx by ours.pub" in text
    assert "  not accepted: attestation slsaprovenance1 in sha256:" in text


def test_pull_and_apply_tell_the_same() -> None:
    artifact = PinnedReference(Repository("registry.test", "app"), DIGEST)
    pulled = PullResult(
        artifact=artifact,
        folder="out",
        files=1,
        size=1,
        left_out=(),
        created="",
        source="",
        revision="",
        signatures=(KEYLESS,),
    )
    applied = ApplyResult(cluster="kind", namespace="shop", inventory="web", plan=Plan((), 1), signatures=(KEYLESS,))

    for result in (pulled, applied):
        assert json.loads(render_result(result, "json"))["signatures"] == [signature_document(KEYLESS)]
        assert in_words(KEYLESS) in render_result(result, "text")
    assert (pulled.document()["verified"], pulled.document()["signer"]) == (True, "me by them")
