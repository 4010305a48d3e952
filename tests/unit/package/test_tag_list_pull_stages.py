from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pipeline.errors import ArtifactNotFoundError, ManifestError, RegistryError, TrustError, UsageError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import OCI_INDEX, OCI_MANIFEST, Blob, Descriptor, ParsedManifest
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.artifact.unpacking import ArchiveEntry
from pipeline.model.artifact.versions import parse_range
from pipeline.reports import render_result
from pipeline.stages.list_tags import list_tags, select_tags
from pipeline.stages.package import package
from pipeline.stages.pull import pull, select_layer
from pipeline.stages.tag import move_tags
from pipeline.testing.registry import MemoryRegistry
from pipeline.testing.signing import NamedVerifier
from tests.trusting import trusting
from tests.unit.package.conftest import Listener

SIGNATURE = f"sha256-{'0' * 64}.sig"


def push(registry: MemoryRegistry, text: str, *tags: str) -> PinnedReference:
    artifact = build_artifact(pack([("a.yaml", text.encode())]), source="https://git.test/app", revision=text)
    return package(artifact, registry, tags=tags, reporter=Listener()).artifact


def test_tags_move_and_say_from_where(registry: MemoryRegistry) -> None:
    old, new = push(registry, "old", "latest"), push(registry, "new", "v2")

    result = move_tags(new, ["latest", "v2", "v3"], registry)

    assert {tag: registry.resolve(tag).digest for tag in registry.tags()} == dict.fromkeys(
        ["latest", "v2", "v3"], new.digest
    )
    assert [(tag["previousDigest"], tag["moved"]) for tag in result.document()["tags"]] == [
        (old.digest, True),
        (new.digest, False),
        (None, True),
    ]
    assert render_result(result, "text").splitlines()[1:] == [
        f"  latest: moved from {old.digest}",
        "  v2: already there",
        "  v3: new",
    ]


def test_no_tag_moves_where_one_is_broken(registry: MemoryRegistry) -> None:
    artifact = push(registry, "a", "v1")

    with pytest.raises(UsageError):
        move_tags(artifact, ["v2", "broken tag"], registry)
    assert registry.tags() == ["v1"]


def test_digest_that_is_not_there_cannot_be_tagged(registry: MemoryRegistry) -> None:
    with pytest.raises(ArtifactNotFoundError):
        move_tags(PinnedReference(registry.repository, f"sha256:{'0' * 64}"), ["v1"], registry)


def test_selection_orders_versions_before_names_and_hides_attachments() -> None:
    tags = ["latest", "1.2.0", "1.10.0", "v2.0.0-rc.1", SIGNATURE, SIGNATURE[:71], "x.att", "dev"]

    assert select_tags(tags, None, None) == ["v2.0.0-rc.1", "1.10.0", "1.2.0", "dev", "latest"]
    assert select_tags(tags, parse_range(">=1.5"), None) == ["1.10.0"]
    assert select_tags(tags, None, re.compile("^la")) == ["latest"]
    assert select_tags(tags, parse_range("*"), re.compile("2")) == ["1.2.0"]


def test_list_tells_digest_and_provenance(registry: MemoryRegistry, listener: Listener) -> None:
    one, two = push(registry, "one", "1.0.0"), push(registry, "two", "1.1.0", "latest")

    document = list_tags(registry, reporter=listener).document()

    assert [(entry["tag"], entry["digest"], entry["revision"]) for entry in document["artifacts"]] == [
        ("1.1.0", two.digest, "two"),
        ("1.0.0", one.digest, "one"),
        ("latest", two.digest, "two"),
    ]


def test_limit_asks_only_for_what_is_shown(registry: MemoryRegistry, listener: Listener) -> None:
    push(registry, "one", *(f"1.{number}.0" for number in range(20)))
    registry.calls.clear()

    result = list_tags(registry, limit=2, reporter=listener)

    assert [listed.artifact.tag for listed in result.artifacts] == ["1.19.0", "1.18.0"]
    assert result.omitted == 18
    assert len([call for call in registry.calls if call[0] == "resolve"]) == 2
    assert render_result(result, "text").endswith("… and 18 more (--limit)\n")


def test_tag_that_vanishes_while_listing_is_left_out(registry: MemoryRegistry, listener: Listener) -> None:
    push(registry, "one", "1.0.0", "1.1.0")
    registry.faults.fail("resolve", ArtifactNotFoundError("gone"))

    assert len(list_tags(registry, reporter=listener).artifacts) == 1


def test_registry_that_fails_while_listing_is_no_short_list(registry: MemoryRegistry, listener: Listener) -> None:
    push(registry, "one", "1.0.0", "1.1.0")
    registry.faults.fail("resolve", RegistryError("broken"))

    with pytest.raises(RegistryError, match="broken"):
        list_tags(registry, reporter=listener)


@dataclass
class Sink:
    """Stands for the folder."""

    folder: str = "out"
    files: int = 0
    size: int = 0
    left_out: tuple[str, ...] = ()

    def __call__(self, entries: Iterator[ArchiveEntry]) -> Sink:
        self.entries = {entry.path: entry.content for entry in entries}
        self.files = len(self.entries)
        return self


def pulled(registry: MemoryRegistry, listener: Listener, reference: Reference) -> Sink:
    sink = Sink()
    pull(reference, registry, sink, trust=trusting(NamedVerifier()), policy=None, reporter=listener)
    return sink


def test_pull_hands_over_what_was_packed_and_warns_that_nobody_vouches(
    registry: MemoryRegistry, listener: Listener
) -> None:
    push(registry, "one", "latest")

    assert pulled(registry, listener, Reference(registry.repository)).entries == {"a.yaml": b"one"}
    assert "no --key" in listener.warnings[0]


def test_pull_refuses_what_the_registry_has_changed(registry: MemoryRegistry, listener: Listener) -> None:
    push(registry, "one", "v1")
    layer = build_artifact(pack([("a.yaml", b"one")])).layer.descriptor
    registry.faults.altered[layer.digest] = pack([("a.yaml", b"evil")]).content

    with pytest.raises(TrustError):
        pulled(registry, listener, Reference(registry.repository, "v1"))


def parsed(*layers: str, children: int = 0) -> ParsedManifest:
    described = tuple(Descriptor(layer, f"sha256:{number:064}", 1) for number, layer in enumerate(layers))
    inner = tuple(Descriptor(OCI_MANIFEST, f"sha256:{number:064}", 1) for number in range(children))
    return ParsedManifest(OCI_INDEX if children else OCI_MANIFEST, None, None, described, inner, None, {})


def test_first_layer_is_pulled_unless_another_is_asked_for() -> None:
    manifest = parsed("application/vnd.oci.image.layer.v1.tar+gzip", "text/plain", "text/plain")

    assert select_layer(manifest, "name", None) == manifest.layers[0]
    assert select_layer(manifest, "name", "text/plain") == manifest.layers[1]
    docker = parsed("application/vnd.docker.image.rootfs.diff.tar.gzip")
    assert select_layer(docker, "name", None) == docker.layers[0]


@pytest.mark.parametrize(
    ("manifest", "asked", "message"),
    [
        (parsed(), None, "has no layer"),
        (parsed("a/b"), "c/d", "no layer of type c/d; found: a/b"),
        (parsed("application/vnd.oci.image.layer.v1.tar+zstd"), None, "not gzipped"),
        (parsed("application/vnd.oci.image.layer.v1.tar"), None, "not gzipped"),
        (parsed(children=2), None, "index of 2 manifests"),
    ],
)
def test_what_cannot_be_unpacked_is_said(manifest: ParsedManifest, asked: str | None, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        select_layer(manifest, "name", asked)


def test_plain_oci_artifact_is_pulled(registry: MemoryRegistry, listener: Listener) -> None:
    layer = Blob("application/vnd.oci.image.layer.v1.tar+gzip", pack([("x", b"1")]).content)
    config = Blob("application/vnd.oci.empty.v1+json", b"{}")
    for blob in (layer, config):
        registry.write_blob(blob.descriptor, lambda blob=blob: [blob.content])  # type: ignore[misc]
    body = (
        f'{{"schemaVersion":2,"config":{{"mediaType":"{config.media_type}","digest":"{config.descriptor.digest}",'
        f'"size":2}},"layers":[{{"mediaType":"{layer.media_type}","digest":"{layer.descriptor.digest}",'
        f'"size":{layer.descriptor.size}}}]}}'
    )
    registry.write_manifest(Blob(OCI_MANIFEST, body.encode()), "v1")

    assert pulled(registry, listener, Reference(registry.repository, "v1")).entries == {"x": b"1"}
