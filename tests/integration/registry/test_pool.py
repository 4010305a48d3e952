"""What a process that lives long keeps of registries, and what it must not."""

from __future__ import annotations

import base64
import io
import socket
import threading
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
from pipeline.registries.oci.resting import Resting
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
    fake.script = lambda asked: Answer(200, MANIFEST.content, HEADERS)


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


@pytest.mark.timeout(30)
def test_a_registry_that_hangs_keeps_one_waiting_and_not_all(
    reporter: Silent, clock: Hurried, fake: FakeServer
) -> None:
    times = iter((0.0, 1.0, 2.0, 12.0, 13.0, 13.5, 14.0, 15.0))
    pool = RegistryPool(reporter, clock, resting=Resting(slow=0.3, rest=10.0, now=lambda: next(times)))
    hasty = replace(PLAIN, timeout=0.5, patient=False)
    one, other = (pool.connect(Repository(fake.address, name), hasty, {}) for name in ("one", "other"))
    fake.script = lambda asked: Answer(200, delay=20)
    with pytest.raises(RegistryError, match=r"no answer within 0.5 s"):
        one.resolve("latest")
    for registry in (one, other):
        with pytest.raises(RegistryError, match="it did not answer a moment ago and is asked again soon"):
            registry.resolve("latest")
    assert len(fake.asked) == 1
    answers(fake)
    assert other.resolve("latest").digest == MANIFEST.descriptor.digest
    assert one.resolve("latest").digest == MANIFEST.descriptor.digest


def test_who_is_not_patient_never_waits(pool: RegistryPool, fake: FakeServer, clock: Hurried) -> None:
    registry = pool.connect(Repository(fake.address, "team/app"), replace(PLAIN, patient=False), {})
    for answer, asked in ((Answer(503), 1), (Answer(429, headers={"Retry-After": "5"}), 1), (Answer(reset=True), 2)):
        fake.asked.clear()
        fake.answers(answer)
        with pytest.raises(RegistryError):
            registry.read_manifest(MANIFEST.descriptor.digest)
        assert len(fake.asked) == asked
    assert clock.waits == []


def test_a_socks_proxy_will_do(pool: RegistryPool, fake: FakeServer) -> None:
    answers(fake)
    socks = SocksServer(fake.address)
    chosen = replace(PLAIN, plain_http=True, proxy=f"socks5h://{socks.address}")
    try:
        registry = pool.connect(Repository("registry.invalid", "team/app"), chosen, {})
        assert registry.resolve("latest").digest == MANIFEST.descriptor.digest
    finally:
        socks.stop()


class SocksServer:
    """SOCKS 5 (RFC 1928) without a login; whatever is asked for, it connects to one place, once."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        host, _, port = self._target.partition(":")
        with client, socket.create_connection((host, int(port))) as server:
            client.recv(257)
            client.sendall(b"\x05\x00")
            client.recv(262)
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            server.sendall(client.recv(65536))
            client.sendall(server.recv(65536))


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
