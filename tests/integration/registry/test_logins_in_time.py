"""Logins that end: asked for anew before they are sent, and once where they are refused."""

from __future__ import annotations

import base64
import json

import pytest

from pipeline.errors import RegistryError
from pipeline.model.artifact.manifest import OCI_MANIFEST, Blob
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.credentials import Credentials
from pipeline.ports import Registry
from pipeline.registries.oci import connect
from tests.contract.registry.servers import Silent
from tests.integration.registry.conftest import Answer, Asked, FakeServer, Hurried, Script

MANIFEST = Blob(OCI_MANIFEST, b'{"schemaVersion":2}')


class Identity:
    """Gives logins that are good for a minute; remembers what it was told of refusals."""

    def __init__(self, clock: Hurried) -> None:
        self.asked: list[Credentials | None] = []
        self._clock = clock

    def __call__(self, refused: Credentials | None) -> Credentials:
        self.asked.append(refused)
        return Credentials("me", f"pass-word-{len(self.asked)}", expires=self._clock.now() + 60)


@pytest.fixture
def identity(clock: Hurried) -> Identity:
    return Identity(clock)


@pytest.fixture
def registry(fake: FakeServer, clock: Hurried, reporter: Silent, identity: Identity) -> Registry:
    repository = Repository(fake.address, "team/app")
    return connect(repository, RegistryOptions(timeout=60), {}, reporter, clock=clock, identify=identity)


def read(registry: Registry) -> bytes:
    return registry.read_manifest(MANIFEST.descriptor.digest).content


def password_of(asked: Asked) -> str:
    scheme, _, value = asked.headers.get("Authorization", "").partition(" ")
    return base64.b64decode(value).decode().partition(":")[2] if scheme == "Basic" else ""


def basic(good: set[str]) -> Script:
    def script(asked: Asked) -> Answer:
        if password_of(asked) in good:
            return Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST})
        return Answer(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})

    return script


def by_token(url: str, good: set[str]) -> Script:
    def script(asked: Asked) -> Answer:
        if asked.path == "/token":
            answer = json.dumps({"token": "t", "expires_in": 1}).encode()
            return Answer(200, answer) if password_of(asked) in good else Answer(401)
        if asked.headers.get("Authorization") == "Bearer t":
            return Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST})
        return Answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{url}/token",service="x"'})

    return script


def test_nobody_is_asked_before_the_registry_wants_a_login(
    fake: FakeServer, registry: Registry, identity: Identity
) -> None:
    fake.answers(Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST}))

    assert read(registry) == MANIFEST.content
    assert identity.asked == []


@pytest.mark.parametrize("way", ["basic", "token"])
def test_a_login_that_has_ended_is_not_sent(
    way: str, fake: FakeServer, registry: Registry, identity: Identity, clock: Hurried
) -> None:
    good = {"pass-word-1", "pass-word-2"}
    fake.script = basic(good) if way == "basic" else by_token(fake.url, good)
    read(registry)
    clock.sleep(120)
    good.remove("pass-word-1")

    assert read(registry) == MANIFEST.content
    assert len(identity.asked) == 2
    assert [password_of(asked) for asked in fake.asked].count("pass-word-1") == 1


@pytest.mark.parametrize("way", ["basic", "token"])
def test_a_login_that_is_refused_before_its_time_is_renewed_once(
    way: str, fake: FakeServer, registry: Registry, identity: Identity, clock: Hurried
) -> None:
    good = {"pass-word-1", "pass-word-2"}
    fake.script = basic(good) if way == "basic" else by_token(fake.url, good)
    read(registry)
    good.remove("pass-word-1")
    clock.sleep(2)

    assert read(registry) == MANIFEST.content
    assert [asked.password if asked else None for asked in identity.asked] == [None, "pass-word-1"]


@pytest.mark.parametrize("way", ["basic", "token"])
def test_an_identity_that_is_never_let_in_is_asked_twice_and_then_told(
    way: str, fake: FakeServer, registry: Registry, identity: Identity, reporter: Silent
) -> None:
    fake.script = basic(set()) if way == "basic" else by_token(fake.url, set())

    with pytest.raises(RegistryError) as caught:
        read(registry)

    assert caught.value.code == "registry.denied"
    assert len(identity.asked) == 2
    assert "pass-word" not in f"{caught.value.message} {caught.value.hint} {reporter.details}"
