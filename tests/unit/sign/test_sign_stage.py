from __future__ import annotations

import json

import pytest

from pipeline.errors import ArtifactNotFoundError, RefusedError, RegistryError, TrustError
from pipeline.model.artifact.manifest import Blob, Descriptor, parse_manifest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome.sign import SignResult
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.testing.registry import MemoryRegistry
from tests.unit.sign.support import (
    BUNDLE,
    DIGEST,
    SIMPLE,
    bundle,
    policy,
    referrer,
    signer,
    statement,
    store,
    stored_artifact,
)

FORMATS = list(SignatureFormat)


def signed(
    artifact: PinnedReference,
    registry: MemoryRegistry,
    name: str = "ours",
    signature_format: SignatureFormat = BUNDLE,
    *,
    allow_shadowing: bool = False,
) -> SignResult:
    return sign(artifact, registry, signer(name, signature_format), CosignVerifier(), allow_shadowing=allow_shadowing)


def accepted(artifact: PinnedReference, registry: MemoryRegistry, *names: str) -> list[tuple[SignatureFormat, str]]:
    judgement = judge_signatures(artifact, registry, CosignVerifier(), policy(*names))
    return [(one.format, one.signer.partition(".pub")[0]) for one in judgement.accepted]


def writes(registry: MemoryRegistry) -> list[tuple[str, str]]:
    return [call for call in registry.calls if call[0].startswith("write")]


@pytest.mark.parametrize("signature_format", FORMATS)
def test_a_signed_artifact_verifies_and_is_untouched(signature_format: SignatureFormat) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)

    result = signed(artifact, registry, signature_format=signature_format)

    assert result.signed
    assert registry.resolve("v1").digest == artifact.digest
    assert accepted(artifact, registry, "ours") == [(signature_format, "ours")]
    assert registry.read_manifest(result.signature_digest).digest != artifact.digest


@pytest.mark.parametrize("signature_format", FORMATS)
def test_signing_again_with_the_same_key_writes_nothing(signature_format: SignatureFormat) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    first = signed(artifact, registry, signature_format=signature_format)
    registry.calls.clear()

    second = signed(artifact, registry, signature_format=signature_format)

    assert not second.signed
    assert writes(registry) == []
    assert (second.signature_digest, second.key_fingerprint) == (first.signature_digest, first.key_fingerprint)


@pytest.mark.parametrize("formats", [FORMATS, FORMATS[::-1]], ids="-".join)
def test_both_formats_by_one_key_may_be_added_in_either_order(formats: list[SignatureFormat]) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)

    results = [signed(artifact, registry, signature_format=item) for item in formats]

    assert [result.signed for result in results] == [True, True]
    assert accepted(artifact, registry, "ours") == [(BUNDLE, "ours"), (SIMPLE, "ours")]


@pytest.mark.parametrize("signature_format", FORMATS)
def test_a_second_key_adds_its_signature_beside_the_first(signature_format: SignatureFormat) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)

    for name in ("theirs", "ours"):
        assert signed(artifact, registry, name, signature_format).signed

    assert accepted(artifact, registry, "ours", "theirs") == [(signature_format, "theirs"), (signature_format, "ours")]


def test_a_first_bundle_that_would_hide_anothers_simple_signature_is_refused() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    signed(artifact, registry, "theirs", SIMPLE)
    registry.calls.clear()

    with pytest.raises(RefusedError, match=r"overlook as soon as there is a bundle") as refused:
        signed(artifact, registry)

    assert refused.value.code == "refused.shadowing"
    assert writes(registry) == []


def test_a_bundle_beside_bundles_hides_nothing_more() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    signed(artifact, registry, "theirs", SIMPLE)
    signed(artifact, registry, "theirs", BUNDLE)

    assert signed(artifact, registry).signed


def test_a_simple_signature_that_a_foreign_bundle_hides_is_refused() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    signed(artifact, registry, "theirs", BUNDLE)

    with pytest.raises(RefusedError, match=r"overlook \.sig signatures"):
        signed(artifact, registry, signature_format=SIMPLE)


def test_an_attestation_by_our_key_hides_our_simple_signature_too() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    attestation = bundle(predicateType="https://slsa.dev/provenance/v1")
    referrer(registry, artifact, [Blob("application/vnd.dev.sigstore.bundle.v0.3+json", attestation.content)])

    with pytest.raises(RefusedError, match=r"overlook \.sig signatures"):
        signed(artifact, registry, signature_format=SIMPLE)
    assert signed(artifact, registry).signed
    assert signed(artifact, registry, signature_format=SIMPLE).signed


@pytest.mark.parametrize(("theirs", "ours"), [(SIMPLE, BUNDLE), (BUNDLE, SIMPLE)])
def test_shadowing_can_be_allowed(theirs: SignatureFormat, ours: SignatureFormat) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    signed(artifact, registry, "theirs", theirs)

    assert signed(artifact, registry, signature_format=ours, allow_shadowing=True).signed


def test_what_does_not_exist_is_not_signed() -> None:
    registry = MemoryRegistry()

    with pytest.raises(ArtifactNotFoundError, match="cannot be signed"):
        signed(PinnedReference(registry.repository, DIGEST), registry)

    assert writes(registry) == []


def test_what_the_registry_lies_about_is_not_signed() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    registry.faults.altered[artifact.digest] = b"{}"

    with pytest.raises(TrustError):
        signed(artifact, registry)

    assert not [call for call in registry.calls if call[0] == "referrers"]


def test_an_index_can_be_signed() -> None:
    registry = MemoryRegistry()
    child = stored_artifact(registry)
    stored = registry.read_manifest(child.digest)
    entry = {"mediaType": stored.media_type, "digest": child.digest, "size": len(stored.content)}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}
    written = registry.write_manifest(Blob("application/vnd.oci.image.index.v1+json", json.dumps(index).encode()))

    result = signed(PinnedReference(registry.repository, written.digest), registry)

    subject = parse_manifest(registry.read_manifest(result.signature_digest)).subject
    assert subject is not None
    assert (subject.media_type, subject.digest) == ("application/vnd.oci.image.index.v1+json", written.digest)


def test_the_referrer_is_what_source_controller_looks_for() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)

    result = signed(artifact, registry)

    document = json.loads(registry.read_manifest(result.signature_digest).content)
    layers = document["layers"]
    assert len(layers) == 1
    assert layers[0]["mediaType"] == document["artifactType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert document["subject"]["digest"] == artifact.digest
    assert document["config"]["mediaType"] == "application/vnd.oci.empty.v1+json"
    assert document["annotations"] == {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
    }


def test_appending_a_simple_signature_keeps_the_layers_that_were_there() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    first = signed(artifact, registry, "theirs", SIMPLE)
    before = parse_manifest(registry.read_manifest(first.signature_digest)).layers

    second = signed(artifact, registry, "ours", SIMPLE)

    after = parse_manifest(registry.read_manifest(second.signature_digest)).layers
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1
    assert registry.resolve(artifact.digest.replace(":", "-") + ".sig").digest == second.signature_digest


def test_two_that_sign_at_once_do_not_lose_each_others_simple_signature() -> None:
    class Rivals(MemoryRegistry):
        rival_is_waiting = True

        def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
            written = super().write_manifest(manifest, tag)
            if tag and tag.endswith(".sig") and self.rival_is_waiting:
                # Whoever read the tag before we wrote it replaces what we wrote.
                self.rival_is_waiting = False
                del self.store.tags[self.repository][tag]
                signed(artifact, self, "theirs", SIMPLE)
            return written

    registry = Rivals()
    artifact = stored_artifact(registry)

    result = signed(artifact, registry, "ours", SIMPLE)

    assert accepted(artifact, registry, "ours", "theirs") == [(SIMPLE, "theirs"), (SIMPLE, "ours")]
    assert registry.resolve(artifact.digest.replace(":", "-") + ".sig").digest == result.signature_digest


def test_a_tag_that_never_keeps_our_signature_is_an_error() -> None:
    class Forgetful(MemoryRegistry):
        def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
            return super().write_manifest(manifest, None if tag and tag.endswith(".sig") else tag)

    registry = Forgetful()
    artifact = stored_artifact(registry)

    with pytest.raises(RegistryError, match="replaced by others 5 times"):
        signed(artifact, registry, "ours", SIMPLE)


def test_a_damaged_simple_image_is_not_overwritten() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    first = signed(artifact, registry, "theirs", SIMPLE)
    registry.faults.altered[first.signature_digest] = b"{}"

    with pytest.raises(TrustError):
        signed(artifact, registry, "ours", SIMPLE, allow_shadowing=True)


def test_the_document_names_everything_that_scripts_need() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    store(registry, Blob("application/octet-stream", b"unrelated"))

    document = signed(artifact, registry).document()

    assert document | {"signatureDigest": "", "keyFingerprint": "", "signedAt": ""} == {
        "apiVersion": "gitless.dev/v1",
        "kind": "SignResult",
        "repository": "oci://memory.test/repo",
        "digest": artifact.digest,
        "digestUrl": f"oci://memory.test/repo@{artifact.digest}",
        "signatureDigest": "",
        "format": "bundle",
        "keyFingerprint": "",
        "identity": "",
        "issuer": "",
        "log": "",
        "signedAt": "",
        "signed": True,
    }


def test_an_attestation_by_the_same_key_hides_signatures_behind_a_tag_too() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    attestation = signer().attest(json.dumps(statement(artifact.digest, predicateType="https://test/sbom")).encode())
    referrer(registry, artifact, [Blob("application/vnd.dev.sigstore.bundle.v0.3+json", attestation.content)])

    with pytest.raises(RefusedError, match=r"overlook \.sig signatures"):
        signed(artifact, registry, signature_format=SIMPLE)

    assert signed(artifact, registry).signed
    assert signed(artifact, registry, signature_format=SIMPLE).signed
