"""Whatever somebody does to an artifact on its way, nothing of it reaches a folder, a registry or a cluster."""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.artifact.manifest import Blob, parse_manifest, sha256_digest
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.storage import signature_tag
from pipeline.ports import Registry
from pipeline.reports.console import JsonLog
from tests.e2e.chain.conftest import Project
from tests.integration.registry.conftest import Answer, Asked, FakeServer

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

REFUSED = 4
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


def open_registry(repository: str) -> Registry:
    log = JsonLog(io.StringIO(), verbose=False)
    return wiring.registry(parse_reference(repository).repository, RegistryOptions(), {}, log)


@pytest.fixture
def published(project: Project) -> str:
    """digestUrl of a signed artifact."""
    project.write(project.settings(color="blue"))
    return project.publish()


def digest_of(url: str) -> str:
    return url.rpartition("@")[2]


def layer_of(registry: Registry, digest: str) -> str:
    return parse_manifest(registry.read_manifest(digest)).layers[0].digest


def refused(project: Project, reference: str, *, says: str, commands: str = "pull apply verify") -> None:
    """Every consumer refuses the artifact, and has written nothing."""
    arguments = {
        "pull": ("pull", reference, "pulled", "--key", "cosign.pub"),
        "apply": ("apply", reference, *project.place, "--key", "cosign.pub"),
        "verify": ("verify", reference, "--key", "cosign.pub"),
        "copy": ("copy", reference, "oci-layout:copied:live"),
    }
    for name in commands.split():
        outcome = project.gitless(*arguments[name])
        assert (outcome.code, outcome.out) == (REFUSED, ""), (name, outcome)
        assert says in outcome.err, (name, outcome)
    assert not (project.folder / "pulled").exists()
    assert "org.opencontainers.image.ref.name" not in copied_index(project)
    assert "gitless" not in project.kubectl("get", "configmaps")


def copied_index(project: Project) -> str:
    """The index of the layout that was copied to; a blob that is what its name says may be there, no artifact."""
    for blob in project.folder.glob("copied/blobs/sha256/*"):
        assert sha256_digest(blob.read_bytes()) == f"sha256:{blob.name}"
    index = project.folder / "copied" / "index.json"
    return index.read_text() if index.exists() else ""


def test_a_tag_moved_to_what_nobody_signed_is_refused(project: Project, published: str) -> None:
    del published
    project.write(project.settings(color="evil"))
    assert project.gitless("package", "manifests", f"{project.repository}:live").code == 0

    refused(project, f"{project.repository}:live", says="is not signed")


def test_what_another_key_signed_is_refused(project: Project) -> None:
    project.write(project.settings())
    made = project.gitless("keys", "generate", "--output-key-prefix", "other")
    assert made.code == 0, made
    published = project.publish("--signing-key", "other.key", "--key", "other.pub")

    refused(project, published, says="has no signature by cosign.pub")


@pytest.mark.parametrize("signature_format", ["bundle", "simple"])
def test_a_signature_copied_from_another_digest_is_refused(project: Project, signature_format: str) -> None:
    good, evil = (package(project, color) for color in ("blue", "evil"))
    signed = project.gitless(
        "sign", f"{project.repository}@{good}", "--key", "cosign.key", "--format", signature_format
    )
    assert signed.code == 0, signed
    registry = open_registry(project.repository)
    if signature_format == "bundle":
        (found,) = registry.referrers(good)
        stored = registry.read_manifest(found.digest)
        registry.write_manifest(Blob(stored.media_type, stored.content.replace(good.encode(), evil.encode())))
    else:
        stored = registry.read_manifest(registry.resolve(signature_tag(good)).digest)
        registry.write_manifest(Blob(stored.media_type, stored.content), signature_tag(evil))

    refused(project, f"{project.repository}@{evil}", says=f"{signature_format} signature in sha256:")


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_bytes_flipped_in_a_layout_are_refused(project: Project, part: str) -> None:
    project.write(project.settings())
    digest = digest_of(project.publish("--repository", "oci-layout:layout"))
    flipped = digest if part == "manifest" else layer_of(open_registry(f"oci-layout:{project.folder}/layout"), digest)
    blob = project.folder / "layout" / "blobs" / Path(flipped.replace(":", "/"))
    blob.chmod(0o644)
    content = bytearray(blob.read_bytes())
    content[4] ^= 1  # In a layer, the time in gzip's header: what is unpacked stays the same.
    blob.write_bytes(content)

    refused(project, "oci-layout:layout:live", says="is not what its name says", commands="pull apply copy")


def package(project: Project, color: str) -> str:
    """Package manifests without signing them; returns the digest."""
    project.write(project.settings(color=color))
    outcome = project.gitless("package", "manifests", f"{project.repository}:{color}", "-o", "json")
    assert outcome.code == 0, outcome
    digest: str = outcome.document["digest"]
    return digest


@pytest.fixture
def liar() -> Iterator[FakeServer]:
    """Stands between gitless and the registry."""
    server = FakeServer()
    yield server
    server.stop()


def forward(address: str, changed: Callable[[Asked, Answer], Answer]) -> Callable[[Asked], Answer]:
    """Ask the real registry, and pass on what ``changed`` makes of its answer."""

    def script(asked: Asked) -> Answer:
        connection = http.client.HTTPConnection(address, timeout=10)
        headers = {key: value for key, value in asked.headers.items() if key.lower() not in _HOP_BY_HOP}
        connection.request(asked.method, asked.path, asked.body or None, headers)
        answer = connection.getresponse()
        kept = {key: value for key, value in answer.getheaders() if key.lower() not in _HOP_BY_HOP}
        found = Answer(answer.status, answer.read(), kept)
        connection.close()
        return changed(asked, found)

    return script


def swapped(lie: str, truth: bytes, instead: bytes) -> Callable[[Asked, Answer], Answer]:
    def changed(asked: Asked, answer: Answer) -> Answer:
        if asked.method == "GET" and asked.path.endswith((f"/manifests/{lie}", f"/blobs/{lie}")):
            assert answer.body == truth
            return Answer(answer.status, instead, answer.headers)
        return answer

    return changed


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_a_registry_that_sends_other_bytes_for_a_digest_is_refused(
    project: Project, published: str, liar: FakeServer, part: str
) -> None:
    registry = open_registry(project.repository)
    good, evil = digest_of(published), package(project, "evil")
    manifests = [registry.read_manifest(digest) for digest in (good, evil)]
    truth, instead = (manifest.content for manifest in manifests)
    lie = good
    if part == "layer":
        layers = [parse_manifest(manifest).layers[0] for manifest in manifests]
        lie = layers[0].digest
        truth, instead = (b"".join(registry.read_blob(layer)) for layer in layers)
    address = parse_reference(project.repository).repository.host
    liar.script = forward(address, swapped(lie, truth, instead))
    reference = published.replace(address, liar.address)

    refused(project, reference, says="sha256:", commands="pull apply verify copy")


def test_a_registry_that_lies_about_what_a_tag_points_at_is_refused(
    project: Project, published: str, liar: FakeServer
) -> None:
    evil = package(project, "evil")
    address = parse_reference(project.repository).repository.host

    def changed(asked: Asked, answer: Answer) -> Answer:
        if not asked.path.endswith("/manifests/live"):
            return answer
        instead = open_registry(project.repository).read_manifest(evil)
        return Answer(200, instead.content, {**answer.headers, "Docker-Content-Digest": digest_of(published)})

    liar.script = forward(address, changed)
    reference = f"{project.repository}:live".replace(address, liar.address)

    outcome = project.gitless("pull", reference, "pulled", "--key", "cosign.pub")

    # What is verified is what is read: either the lie is found out, or the signed artifact is what arrives.
    pulled = project.folder / "pulled"
    assert outcome.code in {0, REFUSED}, outcome
    assert pulled.exists() == (outcome.code == 0)
    assert "evil" not in "".join(file.read_text() for file in pulled.glob("**/*.yaml"))
