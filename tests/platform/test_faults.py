"""The fault proxy passes everything on as it is, and breaks exactly what it was asked to break."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .access import Access
from .certificates import Authority
from .faults import Fault, FaultProxy
from .faults_of_kubernetes import watch_error

BROKEN = (http.client.HTTPException, OSError)
BODY = b"0123456789" * 10


class _Upstream(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.served: list[tuple[str, str, bytes]] = []
        self.more = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are part of the plan."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Upstream

    def serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.served.append((self.command, self.path, content))
        self.send_response(200)
        if "watch" in self.path:
            self._watch()
            return
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("X-From", "upstream")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(BODY)

    do_GET = do_HEAD = do_POST = do_PATCH = serve  # noqa: N815 - http.server's names

    def _watch(self) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"4\r\none\n\r\n")
        self.server.more.wait(10)
        self.wfile.write(b"4\r\ntwo\n\r\n0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
        pass


@pytest.fixture
def upstream() -> Iterator[_Upstream]:
    server = _Upstream()
    yield server
    server.more.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(upstream: _Upstream) -> Iterator[FaultProxy]:
    with FaultProxy.before_registry(f"127.0.0.1:{upstream.server_port}") as started:
        yield started


def connection(proxy: FaultProxy, *, timeout: float = 10) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(proxy.address, timeout=timeout)


def ask(proxy: FaultProxy, method: str = "GET", path: str = "/thing", body: bytes | None = None) -> tuple[int, bytes]:
    link = connection(proxy)
    try:
        link.request(method, path, body)
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def test_what_is_not_broken_arrives_as_it_is(proxy: FaultProxy, upstream: _Upstream) -> None:
    assert ask(proxy, "PATCH", "/thing?fieldManager=a", b"content") == (200, BODY)
    assert ask(proxy, "HEAD") == (200, b"")

    assert upstream.served == [("PATCH", "/thing?fieldManager=a", b"content"), ("HEAD", "/thing", b"")]
    assert proxy.count() == 2
    assert proxy.count(method="PATCH", path="fieldManager=a$") == 1


def test_one_connection_carries_many_requests(proxy: FaultProxy) -> None:
    link = connection(proxy)
    for _ in range(3):
        link.request("GET", "/thing")
        answer = link.getresponse()
        assert answer.headers["X-From"] == "upstream"
        assert answer.read() == BODY
    link.close()


def test_a_fault_meets_the_nth_request_like_it_and_no_other(proxy: FaultProxy) -> None:
    proxy.inject(Fault(status=409), method="PATCH", path="/status$", after=1, times=2)

    codes = [ask(proxy, "PATCH", "/a/status")[0] for _ in range(4)]

    assert codes == [200, 409, 409, 200]
    proxy.inject(Fault(status=500), method="PATCH", path="/status$")
    assert ask(proxy, "GET", "/a/status")[0] == 200


def test_an_answer_made_here_is_a_kubernetes_status(proxy: FaultProxy, upstream: _Upstream) -> None:
    proxy.inject(Fault(status=429, headers={"Retry-After": "1"}))

    code, body = ask(proxy)

    assert (code, json.loads(body)["reason"]) == (429, "TooManyRequests")
    assert upstream.served == []


def test_a_watch_can_be_told_that_its_version_is_too_old(proxy: FaultProxy) -> None:
    proxy.inject(Fault(status=200, body=watch_error()), path="watch=")

    _, body = ask(proxy, "GET", "/things?watch=1")

    assert json.loads(body)["object"]["code"] == 410


@pytest.mark.parametrize(("drop", "reached"), [("before", 0), ("after", 1)])
def test_a_connection_is_cut_before_or_after_the_effect(
    proxy: FaultProxy, upstream: _Upstream, drop: str, reached: int
) -> None:
    proxy.inject(Fault(drop="before" if drop == "before" else "after"))

    with pytest.raises(BROKEN):
        ask(proxy, "POST", "/thing", b"x")

    assert len(upstream.served) == reached
    assert ask(proxy)[0] == 200


def test_a_body_is_cut_short(proxy: FaultProxy) -> None:
    proxy.inject(Fault(keep=10))

    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(proxy)

    assert caught.value.partial == BODY[:10]


def test_a_body_lies(proxy: FaultProxy) -> None:
    proxy.inject(Fault(flip=True))

    code, body = ask(proxy)

    assert code == 200
    assert len(body) == len(BODY)
    assert sum(one != other for one, other in zip(body, BODY, strict=True)) == 1


def test_a_request_waits(proxy: FaultProxy) -> None:
    proxy.inject(Fault(delay=0.3))
    began = time.monotonic()

    assert ask(proxy)[0] == 200

    assert time.monotonic() - began >= 0.3


def test_a_request_hangs_until_the_proxy_heals(proxy: FaultProxy) -> None:
    proxy.inject(Fault(hang=True))
    link = connection(proxy, timeout=0.3)
    link.request("GET", "/thing")
    with pytest.raises(TimeoutError):
        link.getresponse()
    link.close()

    proxy.heal()

    assert ask(proxy)[0] == 200


def test_a_call_happens_before_the_request_is_passed_on(proxy: FaultProxy, upstream: _Upstream) -> None:
    seen: list[int] = []
    proxy.inject(Fault(call=lambda: seen.append(len(upstream.served))))

    ask(proxy)

    assert seen == [0]
    assert len(upstream.served) == 1


def test_streams_arrive_as_they_come_and_can_be_cut(proxy: FaultProxy) -> None:
    link = connection(proxy)
    link.request("GET", "/things?watch=1")
    answer = link.getresponse()
    assert answer.readline() == b"one\n"

    assert proxy.close_streams() == 1

    with pytest.raises(BROKEN):
        answer.read()
    link.close()


def test_an_outage_ends(proxy: FaultProxy, upstream: _Upstream) -> None:
    with proxy.outage(), pytest.raises(BROKEN):
        ask(proxy)

    assert ask(proxy)[0] == 200
    assert len(upstream.served) == 1


def test_an_upstream_that_is_gone_is_a_cut_connection(tmp_path: Path) -> None:
    with FaultProxy.before_registry("127.0.0.1:1") as proxy, pytest.raises(BROKEN):
        ask(proxy)


def test_the_one_before_an_api_server_brings_its_own_authority(upstream: _Upstream, tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "authority")
    served = authority.server("server", ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.certificate, served.key)
    upstream.socket = context.wrap_socket(upstream.socket, server_side=True)
    url = f"https://127.0.0.1:{upstream.server_port}"
    access = Access(server=url, authority=authority.certificate_file, identity=authority.user("admin"))

    proxy, kubeconfig = FaultProxy.before_api_server(access, tmp_path / "proxy")

    with proxy:
        document = json.loads(kubeconfig.read_text())
        assert document["clusters"][0]["cluster"]["server"] == proxy.url
        mine = ssl.create_default_context(cafile=str(tmp_path / "proxy" / "certificates" / "ca.crt"))
        link = http.client.HTTPSConnection(proxy.address, timeout=10, context=mine)
        link.request("GET", "/thing")
        assert link.getresponse().read() == BODY
        link.close()
