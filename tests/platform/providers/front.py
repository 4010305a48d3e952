"""A registry on loopback under the providers' names: a proxy leads there, TLS proves it, and logins count."""

from __future__ import annotations

import base64
import http.client
import select
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.platform.certificates import Authority
from tests.platform.providers.serving import Request, Response, Served

Accepts = Callable[[str, str], bool]
_NOT_PASSED_ON = frozenset({"transfer-encoding", "connection", "content-length", "date", "server"})


class Front:
    """TLS before a registry without. What is asked in ``names`` must be logged in for by ``accepts``, if that is set.

    ``exchanges`` are answered here instead, by path.
    """

    def __init__(self, registry: str, directory: Path, names: Sequence[str]) -> None:
        authority = Authority.create(directory / "front", name="gitless-front")
        self.ca_file = authority.certificate_file
        self.loopback = authority.server("loopback", ["localhost", "127.0.0.1"])
        self.accepts: Accepts | None = None
        self.exchanges: dict[str, Callable[[Request], Response]] = {}
        self.served = Served(self._answer, authority.server("front", [*names, "127.0.0.1"]))
        self._registry = registry

    def _answer(self, request: Request) -> Response:
        if request.path in self.exchanges:
            return self.exchanges[request.path](request)
        if self.accepts is not None and not self.accepts(*_basic(request.headers.get("authorization", ""))):
            challenge = {"WWW-Authenticate": f'Basic realm="https://{request.headers["host"]}/",service="ecr"'}
            return Response(401, b"Not Authorized", challenge)
        return self._forwarded(request)

    def _forwarded(self, request: Request) -> Response:
        target = f"{request.path}?{request.query}" if request.query else request.path
        connection = http.client.HTTPConnection(self._registry, timeout=20)
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
        if self.accepts is not None:
            headers.pop("authorization", None)
        connection.request(request.method, target, request.body, {**headers, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        body = answer.read()
        passed = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_ON}
        if request.method == "HEAD" and answer.getheader("Content-Length"):
            passed["Content-Length"] = str(answer.getheader("Content-Length"))
        connection.close()
        return Response(answer.status, body, passed)


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    user, _, password = base64.b64decode(value).decode().partition(":")
    return user, password


@contextmanager
def proxy_to(address: str) -> Iterator[str]:
    """An HTTP proxy that leads every tunnel to one place, whatever its name is; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            host, _, port = address.rpartition(":")
            with socket.create_connection((host, int(port))) as there:
                self.send_response(200)
                self.end_headers()
                _join(self.connection, there)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _join(one: Any, other: socket.socket) -> None:  # noqa: ANN401 - the handler's connection
    with suppress(OSError):
        while True:
            ready, _, _ = select.select([one, other], [], [], 20)
            if not ready:
                return
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                (other if source is one else one).sendall(data)
