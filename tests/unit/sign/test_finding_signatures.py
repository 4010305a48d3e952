from __future__ import annotations

import json

import pytest

from pipeline.errors import RegistryError, TrustError
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, SIMPLE_SIGNING, Blob
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.trust.evidence import Judgement, VerifiedSignature
from pipeline.model.trust.policy import TrustPolicy
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.finding import MAX_REFERRERS
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import require_trust
from pipeline.stages.verify_artifact import verify_artifact
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.sign.support import (
    BUNDLE,
    DIGEST,
    SIMPLE,
    bundle,
    bundle_document,
    policy,
    private_key,
    referrer,
    signer,
    statement,
    store,
    stored_artifact,
)


def bundle_layer(document: object = None, *, digest: str = DIGEST, media_type: str = SIGSTORE_BUNDLE) -> Blob:
    if document is None:
        document = bundle_document(json.dumps(statement(digest)).encode())
    return Blob(media_type, json.dumps(document).encode())


def judged(artifact: PinnedReference, registry: MemoryRegistry, *names: str) -> Judgement:
    return judge_signatures(artifact, registry, CosignVerifier(), policy(*(names or ("ours",))))


def required(artifact: PinnedReference, registry: MemoryRegistry, *names: str) -> VerifiedSignature:
    return require_trust(artifact, registry, trusting(CosignVerifier()), policy(*names)).signatures[0]


def test_foreign_and_broken_bundles_neither_break_nor_help() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    referrer(registry, artifact, [Blob("application/spdx+json", b"{}")])
    referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, b"nonsense")])
    theirs = bundle_document(json.dumps(statement(artifact.digest)).encode(), key=private_key("theirs"))
    referrer(registry, artifact, [bundle_layer(theirs)])
    attestation = json.dumps(statement(artifact.digest, predicateType="https://slsa.dev/provenance/v1")).encode()
    referrer(registry, artifact, [bundle_layer(bundle_document(attestation))])
    reasons = ["not valid JSON", "not made by a trusted key", "attestation of type"]

    before = judged(artifact, registry)
    with pytest.raises(TrustError) as refused:
        required(artifact, registry, "ours")
    sign(artifact, registry, signer(), CosignVerifier())
    after = judged(artifact, registry)

    assert before.accepted == ()
    assert refused.value.code == "trust.not-accepted"
    assert all(reason in refused.value.message for reason in reasons)
    assert [one.format for one in after.accepted] == [BUNDLE]
    assert len(after.rejected) == len(reasons) - 1
    assert [one.predicate_type for one in after.attestations] == ["https://slsa.dev/provenance/v1"]
    assert required(artifact, registry, "ours") == after.accepted[0]


def test_the_first_accepted_signature_ends_the_search() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    for signature_format in (BUNDLE, SIMPLE):
        sign(artifact, registry, signer("ours", signature_format), CosignVerifier())
    registry.calls.clear()

    required(artifact, registry, "ours")

    assert [call for call in registry.calls if call[0] == "resolve"] == []


def test_an_unsigned_artifact_is_refused_as_such() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)

    with pytest.raises(TrustError, match="is not signed") as refused:
        required(artifact, registry, "ours")

    assert refused.value.code == "trust.unsigned"


def test_an_empty_policy_refuses_before_anything_is_asked() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    sign(artifact, registry, signer(), CosignVerifier())
    registry.calls.clear()

    with pytest.raises(TrustError, match="no key and no identity is trusted"):
        require_trust(artifact, registry, trusting(CosignVerifier()), TrustPolicy())

    assert registry.calls == []


def test_a_good_bundle_of_another_artifact_hung_on_this_one_is_refused() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    referrer(registry, artifact, [bundle_layer(digest=DIGEST)])

    assert [one.reason for one in judged(artifact, registry).rejected] == [
        f"the signed statement is about another digest than {artifact.digest}"
    ]


def test_a_simple_image_of_another_artifact_under_this_ones_tag_is_refused() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    other = stored_artifact(registry, revision="2", tag="v2")
    result = sign(other, registry, signer("ours", SIMPLE), CosignVerifier())
    registry.faults.moved_tags[artifact.digest.replace(":", "-") + ".sig"] = result.signature_digest

    assert [one.reason for one in judged(artifact, registry).rejected] == [
        f"the signed payload is about another digest than {artifact.digest}"
    ]


@pytest.mark.parametrize("layers", [0, 2])
def test_a_referrer_with_any_other_number_of_layers_is_no_signature(layers: int) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    referrer(registry, artifact, [bundle_layer(digest=artifact.digest)] * layers)

    assert judged(artifact, registry) == Judgement()


def test_the_artifact_type_of_a_referrer_is_not_asked() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    referrer(registry, artifact, [bundle_layer(digest=artifact.digest)], artifactType="application/x-other")

    assert len(judged(artifact, registry).accepted) == 1


def test_an_oversized_bundle_is_not_read() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    large = Blob(SIGSTORE_BUNDLE, b" " * (8 * 1024 * 1024 + 1))
    referrer(registry, artifact, [large])
    registry.calls.clear()

    assert [one.reason for one in judged(artifact, registry).rejected] == ["it is larger than 8388608 bytes"]
    assert ("read_blob", large.descriptor.digest) not in registry.calls


def test_altered_bundles_and_manifests_are_rejected_without_breaking_the_search() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    layer = bundle_layer(digest=artifact.digest)
    referrer(registry, artifact, [layer])
    registry.faults.altered[layer.descriptor.digest] = layer.content + b" "
    lost = referrer(registry, artifact, [bundle_layer({"mediaType": "x"})])
    registry.faults.altered[lost] = b"{}"

    judgement = judged(artifact, registry)

    assert judgement.accepted == ()
    assert ["served other bytes" in one.reason for one in judgement.rejected] == [True, True]


def test_a_simple_layer_without_its_signature_is_rejected() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    config = store(registry, Blob("application/vnd.oci.image.config.v1+json", b"{}"))
    payload = store(registry, Blob(SIMPLE_SIGNING, b"{}"))
    parts = [
        {"mediaType": part.media_type, "digest": part.descriptor.digest, "size": len(part.content)}
        for part in (config, payload)
    ]
    document = {"schemaVersion": 2, "config": parts[0], "layers": parts[1:]}
    manifest = Blob("application/vnd.oci.image.manifest.v1+json", json.dumps(document).encode())
    registry.write_manifest(manifest, artifact.digest.replace(":", "-") + ".sig")

    assert [one.reason for one in judged(artifact, registry).rejected] == [
        "its layer lacks the annotation dev.cosignproject.cosign/signature"
    ]


def test_a_flood_of_referrers_is_refused_without_reading_them() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    for number in range(MAX_REFERRERS + 1):
        referrer(registry, artifact, [], annotations={"number": str(number)})
    registry.calls.clear()

    with pytest.raises(TrustError, match="257 referrers"):
        judged(artifact, registry)

    assert registry.calls == [("referrers", artifact.digest)]


def test_a_registry_that_fails_is_not_taken_for_an_unsigned_artifact() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    registry.faults.fail("referrers", RegistryError("503"))

    with pytest.raises(RegistryError, match="503"):
        required(artifact, registry, "ours")


def test_verifying_an_artifact_alone_tells_who_signed_and_what_else_lies_there() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry, revision="main@sha1:0123")
    sign(artifact, registry, signer("theirs"), CosignVerifier())
    sign(artifact, registry, signer("ours"), CosignVerifier())

    result = verify_artifact(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), policy("ours"))

    document = result.document()
    assert (document["tag"], document["digest"], document["verified"]) == ("v1", artifact.digest, True)
    assert (document["source"], document["revision"]) == ("https://git.test/shop", "main@sha1:0123")
    assert [one["format"] for one in document["signatures"]] == ["bundle"]
    assert [one["reason"] for one in document["notAccepted"]] == [
        "it was not made by a trusted key, or what it signs was changed"
    ]


def test_verifying_an_artifact_alone_reads_every_blob_against_its_digest() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    sign(artifact, registry, signer(), CosignVerifier())
    layer = json.loads(registry.read_manifest(artifact.digest).content)["layers"][0]["digest"]
    registry.faults.altered[layer] = b"other"

    with pytest.raises(TrustError, match="served other bytes"):
        verify_artifact(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), policy("ours"))


def test_what_a_stranger_wrote_reaches_messages_only_cut_and_escaped() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    hostile = bundle(predicateType="\x1b[31m" + "x" * 10_000)
    referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, hostile.content)])

    (rejected,) = judged(artifact, registry).rejected

    assert "\x1b" not in rejected.reason
    assert len(rejected.reason) < 300
