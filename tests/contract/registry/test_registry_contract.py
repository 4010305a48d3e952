"""What every Registry promises. Runs on each entry of ``recipes.RECIPES``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, Blob, Descriptor
from pipeline.ports import Registry
from tests.contract.registry.recipes import Corrupt, Open, Recipe

MISSING = "sha256:" + "0" * 64
EMPTY = Blob(OCI_EMPTY, b"{}")


def put(registry: Registry, blob: Blob) -> Descriptor:
    registry.write_blob(blob.descriptor, lambda: [blob.content])
    return blob.descriptor


def described(descriptor: Descriptor) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def manifest(registry: Registry, text: str = "content", subject: Descriptor | None = None, **more: object) -> Blob:
    """A manifest whose blobs are in the registry; its bytes are spaced unlike anybody's serialiser would."""
    config = put(registry, EMPTY)
    layer = put(registry, Blob("text/plain", text.encode()))
    body: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described(config),
        "layers": [described(layer)],
        **more,
    }
    if subject is not None:
        body["subject"] = described(subject)
    return Blob(OCI_MANIFEST, json.dumps(body, indent=3).encode())


def test_blob_comes_back_as_it_went(open_repository: Open) -> None:
    registry = open_repository("team/app")
    blob = Blob("application/octet-stream", bytes(range(256)) * 1024)

    assert registry.write_blob(blob.descriptor, lambda: [blob.content[:1000], blob.content[1000:]]) is True
    assert b"".join(registry.read_blob(blob.descriptor)) == blob.content


def test_empty_blob_can_be_stored(open_repository: Open) -> None:
    registry = open_repository("team/app")
    blob = Blob("text/plain", b"")
    registry.write_blob(blob.descriptor, list)

    assert b"".join(registry.read_blob(blob.descriptor)) == b""


def test_blob_that_is_there_is_not_sent_again(open_repository: Open) -> None:
    registry = open_repository("team/app")
    put(registry, EMPTY)

    def content() -> Iterable[bytes]:
        raise AssertionError("read although it is there")

    assert registry.write_blob(EMPTY.descriptor, content) is False


def test_content_that_is_not_its_digest_is_not_stored(open_repository: Open) -> None:
    registry = open_repository("team/app")
    blob = Blob("text/plain", b"what was promised")

    with pytest.raises((TrustError, RegistryError)):
        registry.write_blob(blob.descriptor, lambda: [b"what was delivere"])
    with pytest.raises(ArtifactNotFoundError):
        b"".join(registry.read_blob(blob.descriptor))


def test_missing_blob_is_not_found(open_repository: Open) -> None:
    with pytest.raises(ArtifactNotFoundError):
        b"".join(open_repository("team/app").read_blob(Descriptor("text/plain", MISSING, 3)))


def test_blob_of_another_size_than_described_is_refused(open_repository: Open) -> None:
    registry = open_repository("team/app")
    blob = Blob("text/plain", b"twelve bytes")
    put(registry, blob)

    with pytest.raises(TrustError):
        b"".join(registry.read_blob(Descriptor("text/plain", blob.descriptor.digest, 11)))


def test_manifest_comes_back_byte_for_byte(open_repository: Open) -> None:
    registry = open_repository("team/app")
    written = manifest(registry)
    descriptor = registry.write_manifest(written, "v1")

    read = registry.read_manifest(descriptor.digest)

    assert (read.content, read.media_type, read.digest) == (written.content, OCI_MANIFEST, written.descriptor.digest)


def test_manifest_written_by_digest_has_no_tag(open_repository: Open) -> None:
    registry = open_repository("team/app")
    descriptor = registry.write_manifest(manifest(registry))

    assert registry.read_manifest(descriptor.digest).digest == descriptor.digest
    assert list(registry.tags()) == []


def test_missing_manifest_is_not_found(open_repository: Open) -> None:
    registry = open_repository("team/app")
    registry.write_manifest(manifest(registry), "v1")

    with pytest.raises(ArtifactNotFoundError):
        registry.read_manifest(MISSING)


def test_tag_resolves_to_digest_size_and_type(open_repository: Open) -> None:
    registry = open_repository("team/app")
    written = manifest(registry)
    registry.write_manifest(written, "v1")

    found = registry.resolve("v1")

    assert (found.digest, found.size, found.media_type) == (
        written.descriptor.digest,
        len(written.content),
        OCI_MANIFEST,
    )


def test_missing_tag_is_not_found(open_repository: Open) -> None:
    registry = open_repository("team/app")
    registry.write_manifest(manifest(registry), "v1")

    with pytest.raises(ArtifactNotFoundError):
        registry.resolve("v2")


def test_repository_that_does_not_exist_is_empty_and_not_found(open_repository: Open) -> None:
    registry = open_repository("nobody/here")

    assert list(registry.tags()) == []
    with pytest.raises(ArtifactNotFoundError):
        registry.resolve("v1")
    with pytest.raises(ArtifactNotFoundError):
        registry.read_manifest(MISSING)


def test_tag_moves_and_the_old_manifest_stays(open_repository: Open) -> None:
    registry = open_repository("team/app")
    old = registry.write_manifest(manifest(registry, "old"), "latest")
    new = registry.write_manifest(manifest(registry, "new"), "latest")

    assert registry.resolve("latest").digest == new.digest
    assert registry.read_manifest(old.digest).digest == old.digest
    assert list(registry.tags()) == ["latest"]


def test_one_manifest_can_have_many_tags(open_repository: Open) -> None:
    registry = open_repository("team/app")
    written = manifest(registry)
    for tag in ("v1", "Latest", "1.0_rc.1", "latest"):
        registry.write_manifest(written, tag)

    assert list(registry.tags()) == sorted(["v1", "Latest", "1.0_rc.1", "latest"])
    assert {registry.resolve(tag).digest for tag in registry.tags()} == {written.descriptor.digest}


def test_repositories_do_not_see_each_others_tags(open_repository: Open) -> None:
    one, two = open_repository("team/one"), open_repository("team/two")
    one.write_manifest(manifest(one), "v1")

    assert list(two.tags()) == []


def test_index_is_stored_as_one(open_repository: Open) -> None:
    registry = open_repository("team/app")
    child = registry.write_manifest(manifest(registry))
    index = Blob(
        OCI_INDEX,
        json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [described(child)]}).encode(),
    )
    registry.write_manifest(index, "multi")

    assert registry.resolve("multi").media_type == OCI_INDEX
    assert registry.read_manifest(index.descriptor.digest).content == index.content


def test_a_deleted_manifest_is_gone_with_all_its_tags_and_nothing_else(open_repository: Open) -> None:
    registry = open_repository("team/app")
    doomed = registry.write_manifest(manifest(registry, "doomed"), "v1")
    registry.write_manifest(Blob(OCI_MANIFEST, registry.read_manifest(doomed.digest).content), "latest")
    kept = registry.write_manifest(manifest(registry, "kept"), "v2")

    registry.delete_manifest(doomed.digest, ("v1", "latest"))

    assert list(registry.tags()) == ["v2"]
    assert registry.resolve("v2").digest == kept.digest
    with pytest.raises(ArtifactNotFoundError):
        registry.read_manifest(doomed.digest)
    with pytest.raises(ArtifactNotFoundError):
        registry.resolve("latest")


def test_deleting_what_is_not_there_is_no_error(open_repository: Open) -> None:
    registry = open_repository("team/app")
    kept = registry.write_manifest(manifest(registry), "v1")

    registry.delete_manifest(MISSING)

    assert registry.resolve("v1").digest == kept.digest


def test_a_deleted_referrer_is_listed_no_more_and_the_others_are(open_repository: Open) -> None:
    registry = open_repository("team/app")
    subject = registry.write_manifest(manifest(registry), "v1")
    first = registry.write_manifest(manifest(registry, "first", subject, artifactType="application/sig"))
    second = registry.write_manifest(manifest(registry, "second", subject, artifactType="application/sig"))

    registry.delete_manifest(first.digest)

    assert [found.digest for found in registry.referrers(subject.digest)] == [second.digest]
    assert registry.resolve("v1").digest == subject.digest


def test_a_deleted_manifest_can_be_written_again(open_repository: Open) -> None:
    registry = open_repository("team/app")
    descriptor = registry.write_manifest(manifest(registry), "v1")
    registry.delete_manifest(descriptor.digest, ("v1",))

    registry.write_manifest(manifest(registry), "v1")

    assert registry.resolve("v1").digest == descriptor.digest


def test_referrers_are_found_by_subject(open_repository: Open) -> None:
    registry = open_repository("team/app")
    subject = registry.write_manifest(manifest(registry), "v1")
    other = registry.write_manifest(manifest(registry, "other"), "v2")
    first = registry.write_manifest(
        manifest(registry, "sbom", subject, artifactType="application/spdx", annotations={"by": "test"})
    )
    second = registry.write_manifest(manifest(registry, "signature", subject, artifactType="application/sig"))

    found = {found.digest: found for found in registry.referrers(subject.digest)}

    assert set(found) == {first.digest, second.digest}
    assert found[first.digest].artifact_type == "application/spdx"
    assert found[first.digest].size == first.size
    assert found[first.digest].media_type == OCI_MANIFEST
    assert found[first.digest].annotations.get("by") == "test"
    assert list(registry.referrers(other.digest)) == []


def test_referrer_written_twice_is_listed_once(open_repository: Open) -> None:
    registry = open_repository("team/app")
    subject = registry.write_manifest(manifest(registry), "v1")
    referrer = manifest(registry, "sbom", subject)
    registry.write_manifest(referrer)
    registry.write_manifest(referrer)

    assert [found.digest for found in registry.referrers(subject.digest)] == [referrer.descriptor.digest]


def test_referrers_of_what_does_not_exist_are_none(open_repository: Open) -> None:
    assert list(open_repository("nobody/here").referrers(MISSING)) == []


def test_referrers_do_not_depend_on_order(open_repository: Open) -> None:
    """The specification allows a referrer to be there before its subject."""
    registry = open_repository("team/app")
    subject = manifest(registry)
    referrer = registry.write_manifest(manifest(registry, "sbom", subject.descriptor))
    registry.write_manifest(subject, "v1")

    assert [found.digest for found in registry.referrers(subject.descriptor.digest)] == [referrer.digest]


def test_blob_is_taken_over_from_another_repository(open_repository: Open, recipe: Recipe) -> None:
    source, target = open_repository("team/source"), open_repository("team/target")
    blob = Blob("text/plain", b"heavy")
    put(source, blob)
    # Registries only mount from repositories that exist, which some take to mean: that have a manifest.
    source.write_manifest(manifest(source), "v1")

    assert target.mount_blob(blob.descriptor, source.repository) is recipe.mounts
    if recipe.mounts:
        assert b"".join(target.read_blob(blob.descriptor)) == blob.content


def test_blob_that_is_nowhere_cannot_be_taken_over(open_repository: Open) -> None:
    source, target = open_repository("team/source"), open_repository("team/target")

    assert target.mount_blob(Descriptor("text/plain", MISSING, 5), source.repository) is False


def test_many_writers_at_once_lose_no_tag(open_repository: Open) -> None:
    registry = open_repository("team/app")
    written = [manifest(registry, f"content {number}") for number in range(8)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: registry.write_manifest(written[number], f"v{number}"), range(8)))

    assert {tag: registry.resolve(tag).digest for tag in registry.tags()} == {
        f"v{number}": blob.descriptor.digest for number, blob in enumerate(written)
    }


def test_many_writers_can_begin_a_repository_at_once(open_repository: Open) -> None:
    registry = open_repository("team/new")
    blobs = [Blob("text/plain", f"blob {number}".encode()) for number in range(16)]

    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(lambda blob: registry.write_blob(blob.descriptor, lambda: [blob.content]), blobs))

    assert all(sent)
    assert [b"".join(registry.read_blob(blob.descriptor)) for blob in blobs] == [blob.content for blob in blobs]


def test_changed_manifest_is_refused(corruptible: tuple[Registry, Corrupt]) -> None:
    registry, corrupt = corruptible
    descriptor = registry.write_manifest(manifest(registry), "v1")
    corrupt(registry, descriptor.digest)

    with pytest.raises(TrustError):
        registry.read_manifest(descriptor.digest)


def test_changed_blob_is_refused(corruptible: tuple[Registry, Corrupt]) -> None:
    registry, corrupt = corruptible
    blob = Blob("text/plain", b"something good")
    put(registry, blob)
    corrupt(registry, blob.descriptor.digest)

    with pytest.raises(TrustError):
        b"".join(registry.read_blob(blob.descriptor))


def test_changed_blob_is_replaced_by_writing_it_again(corruptible: tuple[Registry, Corrupt]) -> None:
    registry, corrupt = corruptible
    blob = Blob("text/plain", b"something good")
    put(registry, blob)
    corrupt(registry, blob.descriptor.digest)

    assert registry.write_blob(blob.descriptor, lambda: [blob.content]) is True
    assert b"".join(registry.read_blob(blob.descriptor)) == blob.content


def test_repository_is_what_was_opened(open_repository: Open) -> None:
    assert open_repository("team/app").repository.path.endswith("team/app")
