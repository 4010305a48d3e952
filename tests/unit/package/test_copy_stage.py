from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, Blob, Descriptor
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.outcome.copy import CopyResult
from pipeline.stages.copy import copy
from pipeline.stages.package import package
from pipeline.testing.registry import MemoryRegistry, MemoryStore
from pipeline.testing.signing import NamedVerifier
from tests.trusting import trusting
from tests.unit.package.conftest import Listener


@pytest.fixture
def elsewhere() -> MemoryRegistry:
    return MemoryRegistry(Repository("elsewhere.test", "team/app"))


def copied(artifact: PinnedReference, source: MemoryRegistry, target: MemoryRegistry, **options: Any) -> CopyResult:  # noqa: ANN401 - copy's own
    """Copied by somebody who asks for nobody's signature."""
    return copy(artifact, source, target, policy=None, trust=trusting(NamedVerifier()), **options)


def push(registry: MemoryRegistry, *tags: str) -> PinnedReference:
    artifact = build_artifact(pack([("a.yaml", b"a: 1\n")]))
    return package(artifact, registry, tags=tags, reporter=Listener()).artifact


def described(descriptor: Descriptor) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def attach(registry: MemoryRegistry, subject: str, text: str, tag: str | None = None) -> Descriptor:
    config, layer = Blob(OCI_EMPTY, b"{}"), Blob("text/plain", text.encode())
    for blob in (config, layer):
        registry.write_blob(blob.descriptor, lambda blob=blob: [blob.content])  # type: ignore[misc]
    body: dict[str, object] = {"config": described(config.descriptor), "layers": [described(layer.descriptor)]}
    if tag is None:
        body["subject"] = described(Descriptor(OCI_MANIFEST, subject, 1))
    return registry.write_manifest(Blob(OCI_MANIFEST, json.dumps(body, indent=1).encode()), tag)


def test_everything_attached_travels_with_its_digests(
    registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener
) -> None:
    artifact = push(registry, "v1")
    sbom = attach(registry, artifact.digest, "sbom")
    signature_of_sbom = attach(registry, sbom.digest, "signature of the sbom")
    sig_tag = artifact.digest.replace(":", "-") + ".sig"
    sig = attach(registry, artifact.digest, "signature", sig_tag)
    tag_of_tag = sig.digest.replace(":", "-") + ".att"
    attach(registry, sig.digest, "attestation of the signature", tag_of_tag)

    result = copied(artifact, registry, elsewhere, tags=("v1", "stable"), reporter=listener)

    assert elsewhere.tags() == sorted(["v1", "stable", sig_tag, tag_of_tag])
    assert elsewhere.resolve("v1").digest == artifact.digest
    assert elsewhere.resolve(sig_tag).digest == sig.digest
    assert [found.digest for found in elsewhere.referrers(artifact.digest)] == [sbom.digest]
    assert [found.digest for found in elsewhere.referrers(sbom.digest)] == [signature_of_sbom.digest]
    assert (result.counts.referrers, result.counts.signature_tags, result.counts.manifests_sent) == (2, 2, 5)
    assert result.document()["digestUrl"] == f"oci://elsewhere.test/team/app@{artifact.digest}"


def test_tags_are_written_last(registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener) -> None:
    artifact = push(registry, "v1")
    attach(registry, artifact.digest, "sbom")

    copied(artifact, registry, elsewhere, tags=("v1",), reporter=listener)

    assert [call for call in elsewhere.calls if call[0].startswith("write")][-1] == ("write_manifest", "v1")


def test_index_comes_with_its_children(registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener) -> None:
    child = push(registry)
    inner = {**described(registry.write_manifest(Blob(OCI_MANIFEST, registry.read_manifest(child.digest).content)))}
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [inner]}
    index = registry.write_manifest(Blob(OCI_INDEX, json.dumps(body).encode()), "multi")

    copied(PinnedReference(registry.repository, index.digest), registry, elsewhere, tags=("multi",), reporter=listener)

    assert elsewhere.resolve("multi").media_type == OCI_INDEX
    assert elsewhere.read_manifest(child.digest).digest == child.digest


def test_second_copy_sends_nothing(registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener) -> None:
    artifact = push(registry, "v1")
    copied(artifact, registry, elsewhere, reporter=listener)

    counts = copied(artifact, registry, elsewhere, reporter=listener).counts

    assert (counts.blobs_sent, counts.blobs_present, counts.manifests_sent, counts.manifests_present) == (0, 2, 0, 1)


def test_blobs_of_the_same_registry_are_mounted(
    registry: MemoryRegistry, store: MemoryStore, listener: Listener
) -> None:
    artifact = push(registry, "v1")
    neighbour = MemoryRegistry(Repository("memory.test", "team/other"), store)

    counts = copied(artifact, registry, neighbour, reporter=listener).counts

    assert (counts.blobs_mounted, counts.blobs_sent) == (2, 0)
    assert neighbour.read_manifest(artifact.digest).digest == artifact.digest


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_content_that_lies_is_not_copied(
    registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener, part: str
) -> None:
    artifact = push(registry, "v1")
    layer = build_artifact(pack([("a.yaml", b"a: 1\n")])).layer.descriptor
    registry.faults.altered[artifact.digest if part == "manifest" else layer.digest] = b"{}"

    with pytest.raises(TrustError):
        copied(artifact, registry, elsewhere, tags=("v1",), reporter=listener)
    assert elsewhere.tags() == []


def test_no_tag_moves_where_an_attachment_cannot_be_copied(
    registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener
) -> None:
    artifact = push(registry, "v1")
    attach(registry, artifact.digest, "sbom")
    registry.faults.fail("referrers", RegistryError("broken"))

    with pytest.raises(RegistryError, match="broken"):
        copied(artifact, registry, elsewhere, tags=("v1",), reporter=listener)
    assert elsewhere.tags() == []


def test_missing_artifact_is_not_found(registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener) -> None:
    with pytest.raises(ArtifactNotFoundError):
        copied(PinnedReference(registry.repository, f"sha256:{'0' * 64}"), registry, elsewhere, reporter=listener)


def test_endless_nesting_is_refused(registry: MemoryRegistry, elsewhere: MemoryRegistry, listener: Listener) -> None:
    artifact = push(registry, "v1")
    digest = artifact.digest
    for number in range(20):
        digest = attach(registry, digest, f"{number}").digest

    with pytest.raises(RegistryError, match="nested"):
        copied(artifact, registry, elsewhere, reporter=listener)
