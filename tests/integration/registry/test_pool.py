"""What a process that lives long keeps of registries, and what it must not."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import RegistryError
from pipeline.model.artifact.manifest import OCI_MANIFEST, Blob
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.registries.oci.pool import RegistryPool
from pipeline.registries.oci.registry import OciRegistry
from tests.contract.registry.servers import Silent, options, server
from tests.integration.registry.conftest import Answer, Asked, FakeServer, Hurried
from tests.integration.registry.test_logging_in import TokenRegistry

MANIFEST = Blob(OCI_MANIFEST, b'{"schemaVersion":2}')
HEADERS = {
    "Content-Type": OCI_MANIFEST,
    "Docker-Content-Digest": MANIFEST.descriptor.digest,
}
PLAIN = RegistryOptions(timeout=5)
BASIC = "Basic " + base64.b64encode(b"me:pass-word").decode()


@pytest.fixture
def seen() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def pool(clock: Hurried, reporter: Silent, seen: list[tuple[str, int]]) -> RegistryPool:
    def observe(method: str, status: int, seconds: float) -> None:
        assert 0 <= seconds < 30
        seen.append((method, status))

    return RegistryPool(reporter, clock, observe=observe)


def answers(fake: FakeServer) -> None:
    fake.script = lambda asked: Answer(200, b"" if asked.method == "HEAD" else MANIFEST.content, HEADERS, length=19)


def sessions(pool: RegistryPool) -> int:
    return len(pool._sessions._sessions)


def test_the_same_repository_is_the_same_registry(pool: RegistryPool, fake: FakeServer) -> None:
    repository = Repository(fake.address, "team/app")
    one = pool.connect(repository, PLAIN, {})
    assert pool.connect(repository, replace(PLAIN), {}) is one
    assert pool.connect(repository, replace(PLAIN, username="me", password="x"), {}) is not one
    assert pool.connect(repository, replace(PLAIN, username="me", password="y"), {}) is not one
    assert pool.connect(repository, PLAIN, {"HTTPS_PROXY": "http://proxy"}) is not one
    assert fake.asked == []


def test_a_thousand_repositories_share_one_session_and_its_connections(pool: RegistryPool, fake: FakeServer) -> None:
    answers(fake)
    connections = set()
    inner = fake.script

    def script(asked: Asked) -> Answer:
        connections.add(asked.path)
        return inner(asked)

    fake.script = script
    for number in range(1000):
        pool.connect(Repository(fake.address, f"team/app-{number}"), PLAIN, {}).resolve("latest")
    assert len(connections) == 1000
    assert sessions(pool) == 1


def test_every_exchange_is_observed(pool: RegistryPool, fake: FakeServer, seen: list[tuple[str, int]]) -> None:
    registry = pool.connect(Repository(fake.address, "team/app"), PLAIN, {})
    answers(fake)
    registry.resolve("latest")
    fake.answers(Answer(404))
    with pytest.raises(RegistryError):
        registry.read_manifest(MANIFEST.descriptor.digest)
    fake.answers(Answer(reset=True))
    with pytest.raises(RegistryError):
        registry.tags()
    assert seen[:2] == [("HEAD", 200), ("GET", 404)]
    assert set(seen[2:]) == {("GET", 0)}


def test_tokens_are_kept_and_never_shared_between_logins(pool: RegistryPool, fake: FakeServer) -> None:
    tokens = TokenRegistry(fake.url)
    fake.script = tokens
    repository = Repository(fake.address, "team/app")
    mine, yours = (replace(PLAIN, username=name, password="pass-word") for name in ("me", "you"))
    for _ in range(3):
        for chosen in (mine, yours, PLAIN):
            pool.connect(repository, chosen, {}).read_manifest(MANIFEST.descriptor.digest)
    logins = [asked.headers.get("Authorization") for asked in tokens.token_requests]
    assert logins == [BASIC, "Basic " + base64.b64encode(b"you:pass-word").decode(), None]
    assert sessions(pool) == 1


def test_tokens_that_were_given_are_used(pool: RegistryPool, fake: FakeServer) -> None:
    def script(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") == "Bearer given":
            return Answer(200, MANIFEST.content, HEADERS)
        return Answer(401, headers={"WWW-Authenticate": f'Bearer realm="{fake.url}/token"'})

    fake.script = script
    registry = pool.connect(Repository(fake.address, "team/app"), replace(PLAIN, access_token="given"), {})
    assert registry.read_manifest(MANIFEST.descriptor.digest).content == MANIFEST.content


def test_cookies_are_not_kept(pool: RegistryPool, fake: FakeServer) -> None:
    fake.script = lambda asked: Answer(200, MANIFEST.content, HEADERS | {"Set-Cookie": "sid=mine; Path=/"})
    for name in ("one", "two"):
        pool.connect(Repository(fake.address, name), PLAIN, {}).read_manifest(MANIFEST.descriptor.digest)
    assert all("Cookie" not in asked.headers for asked in fake.asked)


def test_what_is_kept_is_bounded_and_goes_on_working(fake: FakeServer, elsewhere: FakeServer) -> None:
    pool = RegistryPool(Silent(), Hurried(), max_registries=2, max_sessions=1)
    registries = []
    for somewhere in (fake, elsewhere):
        answers(somewhere)
        registries += [pool.connect(Repository(somewhere.address, name), PLAIN, {}) for name in ("a", "b")]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda registry: registry.resolve("latest"), registries * 10))
    assert {entry.digest for entry in found} == {MANIFEST.descriptor.digest}
    assert sessions(pool) == 1
    assert len(pool._registries) == 2


def test_a_proxy_that_was_given_is_used_even_for_loopback(pool: RegistryPool, fake: FakeServer) -> None:
    answers(fake)
    proxy = f"http://me:pass-word@{fake.address}"
    chosen = replace(PLAIN, plain_http=True, proxy=proxy)
    registry = pool.connect(Repository("127.0.0.1:9", "team/app"), chosen, {"NO_PROXY": "*"})
    assert registry.resolve("latest").digest == MANIFEST.descriptor.digest
    assert fake.asked[0].headers["Proxy-Authorization"] == BASIC
    assert fake.asked[0].headers["Host"] == "127.0.0.1:9"


@pytest.mark.timeout(30)
def test_a_body_that_drips_is_given_up_at_the_time_limit(clock: Hurried) -> None:
    import socket
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
            while not stopped.wait(0.1):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        repository = Repository(f"127.0.0.1:{listener.getsockname()[1]}", "team/app")
        registry = RegistryPool(Silent(), clock).connect(repository, RegistryOptions(timeout=1), {})
        with pytest.raises(RegistryError, match="no answer within 1 s"):
            registry.read_manifest(MANIFEST.descriptor.digest)
    finally:
        stopped.set()
        thread.join()
        listener.close()


class TestTheSchemeThatARegistrySpeaks:
    """Where plain HTTP is allowed, TLS is tried first, once."""

    @pytest.fixture
    def tls(self) -> tuple[str, RegistryOptions]:
        running = server("tls")
        return running.address, replace(options(running), timeout=10, allow_plain_http=True)

    def connected(self, pool: RegistryPool, address: str, chosen: RegistryOptions) -> str:
        registry = pool.connect(Repository(address, "team/app"), chosen, {})
        assert isinstance(registry, OciRegistry)
        return registry._endpoint.scheme

    def test_tls_where_there_is_tls(
        self, pool: RegistryPool, tls: tuple[str, RegistryOptions], seen: list[tuple[str, int]]
    ) -> None:
        for _ in range(3):
            assert self.connected(pool, *tls) == "https"
        assert len(seen) == 1

    def test_a_certificate_that_is_not_trusted_is_no_reason_for_plain_http(
        self, pool: RegistryPool, tls: tuple[str, RegistryOptions], tmp_path: Path
    ) -> None:
        from tests.platform.certificates import Authority

        other = Authority.create(tmp_path, name="another")
        address, chosen = tls
        chosen = replace(chosen, ca_file=str(other.certificate_file))
        assert self.connected(pool, address, chosen) == "https"
        with pytest.raises(RegistryError, match="certificate is not trusted"):
            pool.connect(Repository(address, "team/app"), chosen, {}).tags()

    def test_unchecked_tls_only_where_it_was_asked_for(
        self, pool: RegistryPool, tls: tuple[str, RegistryOptions]
    ) -> None:
        address, chosen = tls
        chosen = replace(chosen, ca_file=None, verify_tls=False)
        assert self.connected(pool, address, chosen) == "https"
        assert pool.connect(Repository(address, "team/app"), chosen, {}).tags() == ()

    def test_plain_http_where_there_is_nothing_else(
        self, pool: RegistryPool, fake: FakeServer, seen: list[tuple[str, int]]
    ) -> None:
        answers(fake)
        chosen = replace(PLAIN, verify_tls=False, allow_plain_http=True)
        for name in ("one", "two"):
            registry = pool.connect(Repository(fake.address, name), chosen, {})
            assert registry.resolve("latest").digest == MANIFEST.descriptor.digest
        assert seen == [("GET", 0), ("GET", 200), ("HEAD", 200), ("HEAD", 200)]

    def test_a_registry_that_is_down_is_asked_again(self, pool: RegistryPool, fake: FakeServer) -> None:
        chosen = replace(PLAIN, verify_tls=False, allow_plain_http=True)
        fake.answers(Answer(reset=True))
        with pytest.raises(RegistryError, match="find out how the registry is reached"):
            pool.connect(Repository(fake.address, "team/app"), chosen, {})
        answers(fake)
        assert self.connected(pool, fake.address, chosen) == "http"


def test_nothing_is_said_about_logins(pool: RegistryPool) -> None:
    said = io.StringIO()
    print(RegistryOptions(username="me", password="pass-word", proxy="http://x:pass-word@y"), file=said)
    assert "pass-word" not in said.getvalue()
    assert pool is not None
