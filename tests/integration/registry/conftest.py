"""A registry that misbehaves on purpose: each test scripts its answers and looks at what was asked."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Registry
from tests.contract.registry.servers import Silent


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """``length`` lies about the body's size; ``reset`` ends the connection without an answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    reset: bool = False
    delay: float = 0.0


Script = Callable[[Asked], Answer]


class FakeServer:
    """Answers by ``script``, a function of the request; records every request."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: Script = lambda asked: Answer(404)
        self.released = threading.Event()
        self._server = _Listener(self)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answers(self, *answers: Answer) -> None:
        """These, in turn; the last one for ever."""
        waiting = list(answers)
        self.script = lambda asked: waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def lines(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeServer) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        # A client that gave up is part of the plan; its thread must not complain in the middle of another test.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Listener

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        asked = Asked(self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), self._body())
        self.server.fake.asked.append(asked)
        answer = self.server.fake.script(asked)
        if answer.delay:
            self.server.fake.released.wait(answer.delay)
        if answer.reset:
            # Lingering for no time makes the kernel send a reset instead of an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        length = len(answer.body) if answer.length is None else answer.length
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
        self.close_connection = length > len(answer.body)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            raise AssertionError("a body without its length")
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the base class's names

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the requests are recorded."""


class Hurried:
    """A clock that only notes how long it was told to sleep."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        return 1_700_000_000.0 + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


class Connect(Protocol):
    def __call__(
        self, fake: FakeServer, options: RegistryOptions | None = None, environment: dict[str, str] | None = None
    ) -> Registry: ...


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.stop()


@pytest.fixture
def elsewhere() -> Iterator[FakeServer]:
    """Another host, as far as credentials are concerned."""
    server = FakeServer()
    yield server
    server.stop()


@pytest.fixture
def clock() -> Hurried:
    return Hurried()


@pytest.fixture
def reporter() -> Silent:
    return Silent()


@pytest.fixture
def connect(clock: Hurried, reporter: Silent) -> Connect:
    def connected(
        fake: FakeServer, options: RegistryOptions | None = None, environment: dict[str, Any] | None = None
    ) -> Registry:
        from pipeline.registries.oci import connect

        repository = Repository(fake.address, "team/app")
        return connect(repository, options or RegistryOptions(timeout=5), environment or {}, reporter, clock=clock)

    return connected
