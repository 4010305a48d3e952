"""What is found beside an artifact, in which order, and within which limits."""

from __future__ import annotations

import base64
import json
import time
import tracemalloc
from collections.abc import Mapping

import pytest

from pipeline.errors import TrustError
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import Judgement, KeylessMaterial, RejectedSignature, Signature
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.finding import MAX_ATTACHED, MAX_REFERRERS, MAX_TOTAL_BYTES, find_signatures
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import require_trust
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.inspect.support import (
    CYCLONEDX,
    GITHUB_PROVENANCE,
    PROVENANCE,
    about,
    attached,
    attested,
    envelope,
    github_bundle,
    pushed_by_github,
)
from tests.unit.sign.support import (
    BUNDLE,
    SIMPLE,
    bundle_document,
    policy,
    private_key,
    referrer,
    signer,
    simple,
    simple_payload,
    stored_artifact,
)

KEYLESS: Mapping[str, str] = {
    "dev.sigstore.cosign/certificate": "-----BEGIN CERTIFICATE-----",
    "dev.sigstore.cosign/chain": "chain",
    "dev.sigstore.cosign/bundle": "{}",
    "dev.sigstore.cosign/rfc3161timestamp": "time",
}
SIGN_TYPE = "https://sigstore.dev/cosign/sign/v1"


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def artifact(registry: MemoryRegistry) -> PinnedReference:
    return stored_artifact(registry)


def judged(artifact: PinnedReference, registry: MemoryRegistry, *names: str) -> Judgement:
    return judge_signatures(artifact, registry, CosignVerifier(), policy(*(names or ("ours",))))


def test_attestations_of_cosign_2_are_found_and_verified(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    where = attached(registry, artifact, [(envelope(about(artifact, PROVENANCE, GITHUB_PROVENANCE)), {})])

    (attestation,) = judged(artifact, registry).attestations

    assert (attestation.predicate_type, attestation.predicate) == (PROVENANCE, GITHUB_PROVENANCE)
    assert (attestation.signature.found_in, attestation.signature.format) == (where, SIMPLE)
    assert attestation.signature.signer.startswith("ours.pub (SHA256:")


def test_what_stands_beside_a_keyless_attestation_is_kept_with_it(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    content = envelope(about(artifact, PROVENANCE, {}))
    where = attached(registry, artifact, [(content, {"predicateType": PROVENANCE, **KEYLESS})])

    expected = Signature(
        SIMPLE,
        content,
        found_in=where,
        keyless=KeylessMaterial("-----BEGIN CERTIFICATE-----", "chain", "{}", "time"),
        is_envelope=True,
    )
    assert list(find_signatures(registry, artifact.digest)) == [expected]


def test_what_stands_beside_a_keyless_simple_signature_is_kept_with_it(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    made = simple(simple_payload(artifact.digest))
    annotations = {"dev.cosignproject.cosign/signature": made.signature or "", **KEYLESS}
    attached(
        registry,
        artifact,
        [(made.content, annotations)],
        suffix="sig",
        media_type="application/vnd.dev.cosign.simplesigning.v1+json",
    )

    (found,) = find_signatures(registry, artifact.digest)

    assert isinstance(found, Signature)
    assert found.keyless == KeylessMaterial("-----BEGIN CERTIFICATE-----", "chain", "{}", "time")
    assert (found.signature, found.is_envelope) == (made.signature, False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: b"nonsense", "not valid JSON"),
        (lambda content: content.replace(b'"payloadType": "app', b'"payloadType": "bad/app'), "payload type"),
        (lambda content: json.dumps(json.loads(content) | {"signatures": []}).encode(), "exactly one signature"),
        (lambda content: json.dumps(json.loads(content) | {"payload": "e30="}).encode(), "not made by a trusted key"),
        (lambda content: json.dumps(json.loads(content) | {"payload": "%"}).encode(), "not base64"),
    ],
    ids=["nonsense", "payload type", "unsigned", "other payload", "no base64"],
)
def test_an_attached_envelope_that_does_not_hold_is_rejected(
    registry: MemoryRegistry, artifact: PinnedReference, change: object, reason: str
) -> None:
    content = envelope(about(artifact, PROVENANCE, {}))
    attached(registry, artifact, [(change(content), {})])  # type: ignore[operator]

    judgement = judged(artifact, registry)

    assert judgement.attestations == ()
    assert reason in judgement.rejected[0].reason
    assert judgement.rejected[0].is_envelope


def test_an_attached_attestation_of_another_artifact_is_rejected(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    other = stored_artifact(registry, revision="2", tag="v2")
    attached(registry, artifact, [(envelope(about(other, PROVENANCE, {})), {})])

    (rejected,) = judged(artifact, registry).rejected

    assert rejected.reason == f"the signed statement is about another digest than {artifact.digest}"


def test_a_signature_hung_where_attestations_are_kept_does_not_count(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    attached(registry, artifact, [(envelope(about(artifact, SIGN_TYPE, {})), {})])

    judgement = judged(artifact, registry)

    assert (judgement.accepted, judgement.attestations) == ((), ())
    assert "signature where attestations are kept" in judgement.rejected[0].reason
    with pytest.raises(TrustError):
        require_trust(artifact, registry, trusting(CosignVerifier()), policy("ours"))


def test_an_attestation_of_cosign_2_is_no_signature_that_a_bundle_could_hide(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    attached(registry, artifact, [(envelope(about(artifact, PROVENANCE, {}), "theirs"), {}), (b"nonsense", {})])

    assert sign(artifact, registry, signer(), CosignVerifier()).signed


def test_what_is_rejected_says_what_it_claims_to_be(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    attested(registry, artifact, CYCLONEDX, {}, "theirs")
    pushed_by_github(registry, artifact, github_bundle(artifact))
    attached(registry, artifact, [(envelope(about(artifact, PROVENANCE, {}), "theirs"), {})])

    rejected = judged(artifact, registry).rejected

    assert [one.predicate_type for one in rejected] == [CYCLONEDX, PROVENANCE, PROVENANCE]


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_bundles_of_old_versions_are_listed_with_the_reason(
    registry: MemoryRegistry, artifact: PinnedReference, version: str
) -> None:
    pushed_by_github(registry, artifact, github_bundle(artifact, version=version))

    (rejected,) = judged(artifact, registry).rejected

    assert "expected version 0.3" in rejected.reason
    assert rejected.predicate_type == PROVENANCE


def test_a_signature_is_found_before_attestations_are_read(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    for number in range(20):
        pushed_by_github(registry, artifact, github_bundle(artifact, {"number": number}))
    sign(artifact, registry, signer(), CosignVerifier())
    registry.calls.clear()

    require_trust(artifact, registry, trusting(CosignVerifier()), policy("ours"))

    assert [method for method, _ in registry.calls] == ["referrers", "read_manifest", "read_blob"]


def test_a_simple_signature_is_found_before_anything_large_is_read(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    sign(artifact, registry, signer("ours", SIMPLE), CosignVerifier())
    for number in range(3):
        referrer(
            registry,
            artifact,
            [Blob(SIGSTORE_BUNDLE, b"%d" % number + b" " * 1_000_000)],
            annotations={"dev.sigstore.bundle.predicateType": SIGN_TYPE},
        )
    registry.calls.clear()

    require_trust(artifact, registry, trusting(CosignVerifier()), policy("ours"))

    assert len([method for method, _ in registry.calls if method == "read_blob"]) == 1


def test_the_hint_is_never_believed(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    good = json.dumps(bundle_document(about(artifact, SIGN_TYPE, {}))).encode()
    lie = json.dumps(bundle_document(about(artifact, PROVENANCE, {}))).encode()
    for content, hint in ((good, PROVENANCE), (lie, SIGN_TYPE)):
        annotations = {"dev.sigstore.bundle.predicateType": hint}
        referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, content)], annotations=annotations)

    judgement = judged(artifact, registry)

    assert [one.format for one in judgement.accepted] == [BUNDLE]
    assert [one.predicate_type for one in judgement.attestations] == [PROVENANCE]


def test_a_large_attestation_is_read(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    attested(registry, artifact, CYCLONEDX, {"padding": "x" * 3_000_000})

    assert [one.predicate_type for one in judged(artifact, registry).attestations] == [CYCLONEDX]


def test_a_flood_of_the_largest_bundles_is_passed_over_quickly_and_in_little_memory(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    size = 7 * 1024 * 1024
    for number in range(MAX_REFERRERS - 1):
        content = b'{"%d":[' % number + b"[]," * (size // 3) + b"0]}"
        digest = referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, content if number < 10 else b"%d" % number)])
        if number >= 10:  # a descriptor may lie, which costs nothing to write
            _claim_size(registry, digest, size)
    good = sign(artifact, registry, signer("ours", SIMPLE), CosignVerifier(), allow_shadowing=True)

    begun = time.perf_counter()
    tracemalloc.start()
    judgement = judged(artifact, registry)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [one.found_in for one in judgement.accepted] == [good.signature_digest]
    assert len(judgement.rejected) == MAX_REFERRERS - 1
    assert sum("not read" in one.reason for one in judgement.rejected) > MAX_REFERRERS - 12
    assert time.perf_counter() - begun < 60
    assert peak < 8 * MAX_TOTAL_BYTES


def _claim_size(registry: MemoryRegistry, digest: str, size: int) -> None:
    """Let a stored referrer claim that its bundle is of that size."""
    stored = registry.store.manifests[registry.repository].pop(digest)
    document = json.loads(stored.content)
    document["layers"][0]["size"] = size
    registry.write_manifest(Blob(stored.media_type, json.dumps(document).encode()))


def test_too_many_attached_attestations_are_not_read(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    attached(registry, artifact, [(b"%d" % number, {}) for number in range(MAX_ATTACHED + 1)])
    registry.calls.clear()

    (rejected,) = judged(artifact, registry).rejected

    assert rejected.reason == "there are 257 attestations, more than the 256 we read"
    assert "read_blob" not in [method for method, _ in registry.calls]


@pytest.mark.parametrize("suffix", ["sig", "att"])
def test_a_damaged_image_behind_a_tag_is_rejected_without_breaking_the_search(
    registry: MemoryRegistry, artifact: PinnedReference, suffix: str
) -> None:
    sign(artifact, registry, signer(), CosignVerifier())
    where = attached(registry, artifact, [(b"{}", {})], suffix=suffix)
    registry.faults.altered[where] = b"{}"

    judgement = judged(artifact, registry)

    assert len(judgement.accepted) == 1
    assert [one.is_envelope for one in judgement.rejected] == [suffix == "att"]


def test_other_layers_behind_the_tag_are_passed_over(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    attached(registry, artifact, [(b"{}", {})], media_type="application/x-other")

    assert judged(artifact, registry) == Judgement()


def test_nothing_is_kept_of_what_is_rejected_but_words(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    document = bundle_document(about(artifact, "\x1b[31m" + "x" * 1000, {}), key=private_key("theirs"))
    referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, json.dumps(document).encode())])
    broken = bundle_document(b"\xff", key=private_key("theirs"))
    broken["dsseEnvelope"]["payload"] = base64.b64encode(b"[" * 100_000).decode()
    referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, json.dumps(broken).encode())])

    rejected = judged(artifact, registry).rejected

    assert all(isinstance(one, RejectedSignature) for one in rejected)
    assert [one.predicate_type for one in rejected] == ["x" * 199 + "…", ""]
