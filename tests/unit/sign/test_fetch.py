from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from pipeline.errors import ArtifactNotFoundError, ManifestError, TrustError
from pipeline.model.artifact.manifest import FLUX_CONTENT, Blob
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.artifact.unpacking import Limits
from pipeline.model.manifests import Manifests
from pipeline.model.trust.evidence import Signature, Verified
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.fetch import fetch, pin, read_artifact, trust_local
from pipeline.stages.sign import sign
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.sign.support import DIGEST, policy, signer, store, stored_artifact

CONFIG_MAP = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\n"
SERVICE = b'{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}'


def signed_artifact(registry: MemoryRegistry, files: dict[str, bytes] | None = None) -> PinnedReference:
    artifact = stored_artifact(registry, files, revision="main@sha1:0123")
    sign(artifact, registry, signer(), CosignVerifier())
    return artifact


def names(manifests: Manifests) -> list[str]:
    return [str(resource.id) for resource in manifests]


def custom_artifact(registry: MemoryRegistry, *layers: Blob) -> Reference:
    config = store(registry, Blob("application/vnd.oci.image.config.v1+json", b"{}"))
    described = [
        {"mediaType": part.media_type, "digest": part.descriptor.digest, "size": len(part.content)}
        for part in [config, *(store(registry, layer) for layer in layers)]
    ]
    document = {"schemaVersion": 2, "config": described[0], "layers": described[1:]}
    manifest = Blob("application/vnd.oci.image.manifest.v1+json", json.dumps(document).encode())
    return Reference(registry.repository, digest=registry.write_manifest(manifest).digest)


def test_a_signed_artifact_becomes_trusted_manifests_with_its_facts() -> None:
    registry = MemoryRegistry()
    artifact = signed_artifact(registry, {"app/settings.yaml": CONFIG_MAP, "web.json": SERVICE, "README.md": b"# x"})

    trusted = fetch(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), policy("ours"))

    assert names(trusted.manifests) == ["ConfigMap shop/settings", "Service shop/web"]
    assert trusted.reference == artifact
    assert (trusted.source, trusted.revision) == ("https://git.test/shop", "main@sha1:0123")
    assert trusted.is_verified
    assert [one.digest for one in trusted.signatures] == [artifact.digest]
    assert [str(resource.origin) for resource in trusted.manifests] == ["app/settings.yaml:1", "web.json:1"]


def test_a_tag_that_moves_while_it_is_verified_changes_nothing() -> None:
    registry = MemoryRegistry()
    artifact = signed_artifact(registry)
    evil = stored_artifact(registry, {"evil.yaml": SERVICE}, tag="evil")

    class Moving(CosignVerifier):
        def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
            registry.faults.moved_tags["v1"] = evil.digest
            return super().verify(digest, signature, policy)

    trusted = fetch(Reference(registry.repository, "v1"), registry, trusting(Moving()), policy("ours"))

    assert trusted.reference == artifact
    assert names(trusted.manifests) == ["ConfigMap settings"]
    assert [call for call in registry.calls if call == ("resolve", "v1")] == [("resolve", "v1")]


def test_nothing_of_an_unsigned_artifact_is_read() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    registry.calls.clear()

    with pytest.raises(TrustError, match="is not signed"):
        fetch(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), policy("ours"))

    assert ("read_manifest", artifact.digest) not in registry.calls


def test_an_empty_policy_refuses_even_a_signed_artifact() -> None:
    registry = MemoryRegistry()
    signed_artifact(registry)
    registry.calls.clear()

    with pytest.raises(TrustError, match="no key and no identity is trusted"):
        fetch(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), TrustPolicy())

    assert registry.calls == []


def test_skipping_verification_must_be_asked_for_and_leaves_no_signer() -> None:
    registry = MemoryRegistry()
    stored_artifact(registry)

    trusted = fetch(
        Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), UnsafeSkipVerification()
    )

    assert not trusted.is_verified
    assert names(trusted.manifests) == ["ConfigMap settings"]


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_altered_bytes_are_refused_however_well_they_are_signed(part: str) -> None:
    registry = MemoryRegistry()
    artifact = signed_artifact(registry)
    layer = json.loads(registry.read_manifest(artifact.digest).content)["layers"][0]["digest"]
    registry.faults.altered[artifact.digest if part == "manifest" else layer] = b"{}"

    with pytest.raises(TrustError):
        fetch(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), policy("ours"))


def test_limits_reach_the_unpacking() -> None:
    registry = MemoryRegistry()
    signed_artifact(registry)

    with pytest.raises(TrustError):
        fetch(
            Reference(registry.repository, "v1"),
            registry,
            trusting(CosignVerifier()),
            policy("ours"),
            limits=Limits(max_bytes=10),
        )


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("kustomization.yaml", "a kustomization"),
        ("deep/er/kustomization.yml", "a kustomization"),
        ("Kustomization", "a kustomization"),
        ("chart/Chart.yaml", "a Helm chart"),
    ],
)
def test_what_is_still_to_be_built_is_refused_with_what_to_do(path: str, what: str) -> None:
    registry = MemoryRegistry()
    signed_artifact(registry, {path: b"{}", "settings.yaml": CONFIG_MAP})

    with pytest.raises(ManifestError, match=what) as refused:
        fetch(Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), policy("ours"))

    assert refused.value.code == "manifest.unbuilt"
    assert "gitless build" in (refused.value.hint or "")


def test_hidden_files_are_no_manifests() -> None:
    registry = MemoryRegistry()
    stored_artifact(registry, {".github/workflow.yaml": b"on: push", ".sops.yaml": b"a: b", "a.yaml": CONFIG_MAP})

    manifests, facts = read_artifact(Reference(registry.repository, "v1"), registry)

    assert names(manifests) == ["ConfigMap shop/settings"]
    assert facts.artifact.tag == "v1"


def test_an_object_in_two_files_is_refused_with_both_places() -> None:
    registry = MemoryRegistry()
    stored_artifact(registry, {"a.yaml": CONFIG_MAP, "b.yaml": CONFIG_MAP})

    with pytest.raises(ManifestError, match=r"b\.yaml:1.*first at a\.yaml:1"):
        read_artifact(Reference(registry.repository, "v1"), registry)


def test_a_container_image_is_no_artifact() -> None:
    registry = MemoryRegistry()
    layers = [Blob("application/vnd.oci.image.layer.v1.tar+gzip", content) for content in (b"1", b"2")]

    with pytest.raises(ManifestError, match=r"no single layer with Kubernetes manifests.*tar\+gzip") as refused:
        read_artifact(custom_artifact(registry, *layers), registry)

    assert refused.value.code == "manifest.not-an-artifact"


def test_an_index_is_no_artifact() -> None:
    registry = MemoryRegistry()
    child = stored_artifact(registry)
    stored = registry.read_manifest(child.digest)
    entry = {"mediaType": stored.media_type, "digest": child.digest, "size": len(stored.content)}
    index = {"schemaVersion": 2, "manifests": [entry]}
    media_type = "application/vnd.oci.image.index.v1+json"
    digest = registry.write_manifest(Blob(media_type, json.dumps(index).encode())).digest

    with pytest.raises(ManifestError, match="is an index"):
        read_artifact(Reference(registry.repository, digest=digest), registry)


def test_a_content_layer_that_is_no_archive_is_refused() -> None:
    registry = MemoryRegistry()

    with pytest.raises(TrustError):
        read_artifact(custom_artifact(registry, Blob(FLUX_CONTENT, b"not gzip")), registry)


def test_a_digest_wins_over_the_tag_beside_it_and_latest_stands_for_none() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry, tag="latest")

    assert pin(Reference(registry.repository, "other", DIGEST), registry) == PinnedReference(
        registry.repository, DIGEST, "other"
    )
    assert pin(Reference(registry.repository), registry) == artifact
    with pytest.raises(ArtifactNotFoundError):
        pin(Reference(registry.repository, "missing"), registry)


def test_a_local_folder_is_trusted_only_by_name_and_without_signatures() -> None:
    trusted = trust_local(Manifests(), UnsafeSkipVerification(), source="here")

    assert (trusted.reference, trusted.source, trusted.is_verified) == (None, "here", False)


def makers_of(name: str) -> Iterator[str]:
    root = Path(pipeline.__file__).parent
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == name:
                    yield file.relative_to(root).as_posix()


def test_only_fetch_makes_trusted_manifests() -> None:
    assert set(makers_of("TrustedManifests")) == {"stages/fetch.py"}


def test_only_verifiers_make_verified_signatures() -> None:
    assert {file.partition("/")[0] for file in makers_of("VerifiedSignature")} == {"signers", "testing"}
