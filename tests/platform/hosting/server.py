"""A small HTTP server on loopback for fakes of hosting services; it keeps what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from tests.platform.certificates import KeyPair


@dataclass(frozen=True)
class Asked:
    """One request; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """What was sent; ``None`` where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Reply:
    """One answer; ``cuts_off`` breaks the connection instead, after the work was done."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cuts_off: bool = False


class Service(Protocol):
    """What answers."""

    def answer(self, asked: Asked, base: str) -> Reply:
        """By the service's rules; ``base`` is its address as clients see it."""
        ...


@dataclass
class Served:
    """A service that is being served, and what it was asked so far."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    troubles: list[Reply] = field(default_factory=list)
    """Answers that come first, one for each request, whatever it is."""

    @property
    def calls(self) -> list[str]:
        """Methods and paths."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        """A client that has gone, or that does not trust the certificate, is what some tests are about."""


@contextmanager
def serving(service: Service, prefix: str = "", tls: KeyPair | None = None) -> Iterator[Served]:
    """Serve it below the prefix, such as ``/api/v3``."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(
                self.command,
                parts.path.removeprefix(prefix),
                {key: values[0] for key, values in parse_qs(parts.query).items()},
                {key.lower(): value for key, value in self.headers.items()},
                body,
            )
            served.asked.append(asked)
            if served.troubles:
                reply = served.troubles.pop(0)
                if reply.cuts_off:
                    service.answer(asked, served.url)
            elif not parts.path.startswith(prefix):
                reply = Reply(404, {"message": "Not Found"})
            else:
                reply = service.answer(asked, served.url)
            if reply.cuts_off:
                self.close_connection = True
                return
            content = b"" if reply.document is None else json.dumps(reply.document).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815 - the base class's names

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002, ANN401 - the base class's signature
            """Tests do not want it."""

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    served.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}{prefix}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page_of(items: list[Any], asked: Asked, base: str, default: int) -> tuple[list[Any], dict[str, str]]:
    """One page as both services cut them: at most 100 on each, and a ``Link`` header to the others."""
    size = min(int(asked.query.get("per_page", default)), 100)
    number = int(asked.query.get("page", 1))
    last = max(1, -(-len(items) // size))
    others = {**asked.query, "per_page": str(size)}
    links = []
    for relation, target in (("next", number + 1), ("last", last)):
        if target > number and number < last:
            query = "&".join(f"{key}={value}" for key, value in {**others, "page": target}.items())
            links.append(f'<{base}{asked.path}?{query}>; rel="{relation}"')
    return items[(number - 1) * size : number * size], {"Link": ", ".join(links)} if links else {}
