"""Sources whose registry is down, hangs, lies or is reached through a proxy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import Artifact, build_artifact
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Registry
from pipeline.registries.oci import connect
from tests.contract.registry.servers import Silent
from tests.integration.puller.source_places import FILES, Place, kinds, make_place, ready, source
from tests.integration.registry.conftest import Answer, Asked, FakeServer


class Shelf:
    """Serves one artifact, as well as it is told to; ``trouble`` answers first, or not at all."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self.trouble: dict[str, Answer] = {}

    def __call__(self, asked: Asked) -> Answer:
        kind = next((kind for kind in self.trouble if kind in f"{asked.method} {asked.path}"), None)
        if kind is not None:
            return self.trouble[kind]
        for blob in (self.artifact.manifest, self.artifact.config, self.artifact.layer):
            digest = blob.descriptor.digest
            if asked.path.endswith(digest) or (asked.path.endswith("/latest") and blob is self.artifact.manifest):
                headers = {"Content-Type": blob.media_type, "Docker-Content-Digest": digest}
                return Answer(200, blob.content, headers)
        return Answer(404)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    running = FakeServer()
    yield running
    running.stop()


@pytest.fixture
def shelf(server: FakeServer) -> Shelf:
    shelf = Shelf(build_artifact(pack(FILES.items())))
    server.script = shelf
    return shelf


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path / "cache")


@pytest.fixture
def registry(server: FakeServer) -> Registry:
    return connect(Repository(server.address, "team/app"), RegistryOptions(), {}, Silent())


def test_a_registry_that_is_down_for_a_while_costs_nothing_but_news(
    place: Place, registry: Registry, shelf: Shelf
) -> None:
    body = source(registry, timeout="1s")
    place.reconcile(body)
    good = body["status"]
    shelf.trouble = {"/v2/": Answer(reset=True)}
    for _ in range(2):
        outcome = place.reconcile(body)
        assert not outcome.succeeded
        assert outcome.requeue_after is None
        assert ready(body)[:2] == ("False", "OCIArtifactPullFailed")
        assert kinds(body) == {"Ready", "Reconciling", "FetchFailed", "ArtifactInStorage"}
        assert body["status"]["artifact"] == good["artifact"]
        assert place.files(body) == FILES
    shelf.trouble = {}
    assert [event.reason for event in place.reconcile(body).events] == ["Succeeded"]
    assert kinds(body) == {"Ready", "ArtifactInStorage"}


@pytest.mark.parametrize(
    ("trouble", "reason", "complaint"),
    [
        ({"HEAD": Answer(500), "GET": Answer(500)}, "OCIArtifactPullFailed", "HTTP 500"),
        ({"HEAD": Answer(403), "GET": Answer(403)}, "OCIArtifactPullFailed", "HTTP 403"),
        ({"HEAD": Answer(404)}, "OCIArtifactPullFailed", "HTTP 404"),
        ({"GET /v2/team/app/manifests": Answer(200, b"{}")}, "OCIArtifactPullFailed", "other content for manifest"),
        ({"GET /v2/team/app/blobs": Answer(200, b"wrong")}, "OCIArtifactPullFailed", "other content for blob"),
        ({"GET /v2/team/app/blobs": Answer(200, b"x" * 5000)}, "OCIArtifactPullFailed", "more than"),
        ({"GET /v2/team/app/blobs": Answer(200, b"x", length=100)}, "OCIArtifactPullFailed", "the connection broke"),
        ({"GET /v2/team/app/blobs": Answer(404)}, "OCIArtifactPullFailed", "HTTP 404"),
        ({"GET /v2/team/app/blobs": Answer(302, headers={"Location": "file:///etc/passwd"})}, "", "redirects to"),
    ],
)
def test_a_registry_that_fails_or_lies_is_told_and_believed_nothing(
    place: Place, registry: Registry, shelf: Shelf, trouble: dict[str, Answer], reason: str, complaint: str
) -> None:
    shelf.trouble = trouble
    body = source(registry)
    outcome = place.reconcile(body)
    assert ready(body)[0] == "False"
    assert ready(body)[1] == (reason or "OCIArtifactPullFailed")
    assert complaint in ready(body)[2]
    assert outcome.requeue_after is None
    assert "artifact" not in body["status"]
    assert place.cache.size == 0
    assert [entry.name for entry in place.cache.directory.iterdir()] == []
    shelf.trouble = {}
    assert place.reconcile(body).succeeded


def test_a_digest_that_the_registry_makes_up_is_found_out(place: Place, registry: Registry, shelf: Shelf) -> None:
    headers = {"Content-Type": shelf.artifact.manifest.media_type, "Docker-Content-Digest": f"sha256:{'0' * 64}"}
    shelf.trouble = {"HEAD": Answer(200, headers=headers, length=100), "0000": Answer(200, b"{}", headers)}
    body = source(registry)
    assert not place.reconcile(body).succeeded
    assert "other content for manifest" in ready(body)[2]


@pytest.mark.parametrize("what", ["HEAD", "GET /v2/team/app/manifests", "GET /v2/team/app/blobs"])
def test_a_registry_that_hangs_is_given_up_at_the_timeout(
    place: Place, registry: Registry, shelf: Shelf, what: str
) -> None:
    shelf.trouble = {what: Answer(200, delay=30)}
    body = source(registry, timeout="500ms")
    started = time.monotonic()
    assert not place.reconcile(body).succeeded
    assert time.monotonic() - started < 10
    assert "no answer within 0.5 s" in ready(body)[2]


def test_a_proxy_with_a_login_is_used_for_a_host_that_only_it_knows(
    place: Place, server: FakeServer, shelf: Shelf
) -> None:
    del shelf
    place.secret("proxy", {"address": server.url.encode(), "username": b"me", "password": b"pass-word"})
    registry = connect(Repository("registry.invalid:5000", "team/app"), RegistryOptions(), {}, Silent())
    body = source(registry, proxySecretRef={"name": "proxy"}, insecure=True)
    assert place.reconcile(body).succeeded, ready(body)
    assert place.files(body) == FILES
    assert all(
        asked.headers["Proxy-Authorization"] == "Basic bWU6cGFzcy13b3Jk"
        for asked in server.asked
        if asked.method != "CONNECT"
    )
    assert {asked.headers["Host"] for asked in server.asked} == {"registry.invalid:5000"}
    assert "pass-word" not in json.dumps(body["status"])


def test_a_proxy_that_is_not_there_is_told_without_its_login(place: Place, registry: Registry, shelf: Shelf) -> None:
    del shelf
    place.secret("proxy", {"address": b"http://127.0.0.1:1", "username": b"me", "password": b"pass-word"})
    body = source(registry, proxySecretRef={"name": "proxy"})
    outcome = place.reconcile(body)
    assert "proxy" in ready(body)[2]
    assert "pass-word" not in json.dumps(body["status"]) + repr(outcome)
