from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError, UsageError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import Artifact, build_artifact
from pipeline.model.artifact.manifest import Blob
from pipeline.stages.package import package
from pipeline.testing.registry import MemoryRegistry
from tests.unit.package.conftest import Listener


def artifact(text: bytes = b"a: 1\n", revision: str = "main@sha1:1") -> Artifact:
    return build_artifact(pack([("a.yaml", text)]), source="https://git.test/app", revision=revision)


def test_tags_come_last(registry: MemoryRegistry, listener: Listener) -> None:
    ours = artifact()
    package(ours, registry, tags=("v1", "latest"), reporter=listener)

    assert registry.calls == [
        ("write_blob", ours.config.descriptor.digest),
        ("write_blob", ours.layer.descriptor.digest),
        ("read_manifest", ours.digest),
        ("write_manifest", ours.digest),
        ("resolve", "gitless-lock.v1"),
        ("resolve", "gitless-lock.latest"),
        ("write_manifest", "v1"),
        ("write_manifest", "latest"),
    ]


def test_what_is_there_already_is_not_pushed_again(registry: MemoryRegistry, listener: Listener) -> None:
    package(artifact(), registry, reporter=listener)

    again = package(artifact(), registry, tags=("v1",), reporter=listener)

    assert not again.pushed
    assert again.artifact.digest == artifact().digest
    assert registry.resolve("v1").digest == again.artifact.digest


def test_result_says_all_that_scripts_want(registry: MemoryRegistry, listener: Listener) -> None:
    ours = artifact()

    document = package(ours, registry, tags=("v1", "latest", "v1"), reporter=listener).document()

    assert document == {
        "apiVersion": "gitless.dev/v1",
        "kind": "PackageResult",
        "repository": "oci://memory.test/team/app",
        "tag": "v1",
        "tags": ["v1", "latest"],
        "digest": ours.digest,
        "digestUrl": f"oci://memory.test/team/app@{ours.digest}",
        "pushed": True,
        "contentDigest": ours.content_digest,
        "size": len(ours.layer.content),
        "files": 1,
        "created": "1970-01-01T00:00:00Z",
        "source": "https://git.test/app",
        "revision": "main@sha1:1",
    }


def test_without_tags_it_is_there_by_digest_alone(registry: MemoryRegistry, listener: Listener) -> None:
    result = package(artifact(), registry, reporter=listener)

    assert registry.read_manifest(result.artifact.digest).digest == result.artifact.digest
    assert registry.tags() == []
    assert result.document()["tag"] is None


def test_broken_tag_is_refused_before_anything_is_pushed(registry: MemoryRegistry, listener: Listener) -> None:
    with pytest.raises(UsageError):
        package(artifact(), registry, tags=("v1", "-broken"), reporter=listener)
    assert registry.calls == []


@pytest.mark.parametrize("method", ["write_blob", "write_manifest"])
def test_no_tag_moves_where_pushing_fails(registry: MemoryRegistry, listener: Listener, method: str) -> None:
    registry.faults.fail(method, RegistryError("no space left"))

    with pytest.raises(RegistryError, match="no space"):
        package(artifact(), registry, tags=("v1",), reporter=listener)
    assert registry.tags() == []


def test_registry_that_answers_with_another_digest_is_not_believed(
    registry: MemoryRegistry, listener: Listener
) -> None:
    registry.faults.wrong_answer = True

    with pytest.raises(TrustError):
        package(artifact(), registry, tags=("v1",), reporter=listener)
    assert registry.tags() == []


def test_same_content_is_not_pushed_again(registry: MemoryRegistry, listener: Listener) -> None:
    first = package(artifact(), registry, tags=("v1",), reporter=listener)
    registry.calls.clear()

    again = package(artifact(revision="main@sha1:2"), registry, tags=("v1",), unchanged_since="v1", reporter=listener)

    assert (again.pushed, again.artifact.digest) == (False, first.artifact.digest)
    assert again.revision == "main@sha1:1"
    assert not [call for call in registry.calls if call[0].startswith("write")]


def test_tags_point_at_unchanged_content_too(registry: MemoryRegistry, listener: Listener) -> None:
    first = package(artifact(), registry, tags=("v1",), reporter=listener)

    again = package(artifact(), registry, tags=("v1", "v2"), unchanged_since="v1", reporter=listener)

    assert again.pushed is False
    assert again.document()["tags"] == ["v1", "v2"]
    assert registry.resolve("v2").digest == first.artifact.digest


def test_other_content_is_pushed(registry: MemoryRegistry, listener: Listener) -> None:
    package(artifact(), registry, tags=("v1",), reporter=listener)

    result = package(artifact(b"a: 2\n"), registry, tags=("v1",), unchanged_since="v1", reporter=listener)

    assert result.pushed is True
    assert registry.resolve("v1").digest == result.artifact.digest


def test_missing_tag_means_changed(registry: MemoryRegistry, listener: Listener) -> None:
    assert package(artifact(), registry, tags=("v1",), unchanged_since="v1", reporter=listener).pushed is True


def recompressed(text: bytes = b"a: 1\n") -> Artifact:
    """The same tar, but not as our compressor writes it."""
    import gzip

    ours = pack([("a.yaml", text)])
    return build_artifact(replace(ours, content=gzip.compress(gzip.decompress(ours.content), 1)))


def test_same_content_by_another_compressor_is_unchanged(registry: MemoryRegistry, listener: Listener) -> None:
    theirs = package(recompressed(), registry, tags=("v1",), reporter=listener)

    again = package(artifact(), registry, tags=("v1",), unchanged_since="v1", reporter=listener)

    assert again.artifact.digest == theirs.artifact.digest
    assert again.pushed is False


def test_annotation_that_lies_about_the_content_is_not_believed(registry: MemoryRegistry, listener: Listener) -> None:
    """Else whoever can push could have their content signed as ours."""
    ours, evil = artifact(), artifact(b"evil: 1\n")
    body = json.loads(evil.manifest.content)
    body["annotations"]["dev.gitless.content-digest"] = ours.content_digest
    forged = replace(evil, manifest=Blob(evil.manifest.media_type, json.dumps(body).encode()))
    package(forged, registry, tags=("v1",), reporter=listener)

    result = package(ours, registry, tags=("v1",), unchanged_since="v1", reporter=listener)

    assert result.pushed is True
    assert result.artifact.digest == ours.digest


def test_blob_that_is_gone_means_changed(registry: MemoryRegistry, listener: Listener) -> None:
    package(recompressed(), registry, tags=("v1",), reporter=listener)
    registry.faults.fail("read_blob", ArtifactNotFoundError("gone"))

    assert package(artifact(), registry, tags=("v1",), unchanged_since="v1", reporter=listener).pushed is True
