"""One HTTP/1 connection that never blocks: one request is read, one answer written, and that was it."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

_MAX_REQUEST = 8 * 1024
_READ_SECONDS = 5.0
_WRITE_SECONDS = 20.0
_LINGER_SECONDS = 1.0
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer; the body's pieces are asked for as the client takes them."""

    status: int
    body: Iterable[bytes]
    content_type: str = _TEXT


class Connection:
    """A client. Its deadlines are for the whole request and the whole answer, so that trickling does not help it."""

    def __init__(self, accepted: socket.socket, paths: Mapping[str, Callable[[], Page]], now: float) -> None:
        self.socket = accepted
        self._paths = paths
        self._begun = now
        self._request = b""
        self._answer: Iterator[bytes] | None = None
        self._pending: memoryview = memoryview(b"")
        self._done = False

    def is_late(self, now: float) -> bool:
        """Whether it has taken too long."""
        seconds = _READ_SECONDS
        if self._answer is not None:
            seconds += _WRITE_SECONDS
        if self._done:
            seconds += _LINGER_SECONDS
        return now - self._begun > seconds

    def go_on(self) -> int:
        """Read or write what goes without waiting; returns the events to wait for, 0 at the end."""
        try:
            if self._answer is None:
                return self._read()
            return self._drain() if self._done else self._write()
        except BlockingIOError:
            return selectors.EVENT_READ if self._answer is None or self._done else selectors.EVENT_WRITE
        except OSError:
            return 0

    def _read(self) -> int:
        received = self.socket.recv(4096)
        if not received:
            return 0
        self._request += received
        head, end, _ = self._request.partition(b"\r\n\r\n")
        if not end and len(self._request) <= _MAX_REQUEST:
            return selectors.EVENT_READ
        page = self._page(head) if end and len(head) <= _MAX_REQUEST else _plain(431)
        self._request = b""
        self._answer = _written(page, chunked=b" HTTP/1.0\r\n" not in head + b"\r\n")
        return self._write()

    def _page(self, head: bytes) -> Page:
        parts = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):  # noqa: PLR2004 - method, target, version
            return _plain(400)
        if parts[0] != "GET":
            return _plain(405)
        make = self._paths.get(parts[1].partition("?")[0])
        if make is None:
            return _plain(404)
        try:
            return make()
        except Exception:  # noqa: BLE001 - a page's bug must not take the others down; the client sees it
            return _plain(500)

    def _write(self) -> int:
        assert self._answer is not None  # noqa: S101 - for the type checker
        while True:
            while self._pending:
                self._pending = self._pending[self.socket.send(self._pending) :]
            try:
                piece = next(self._answer, None)
            except Exception:  # noqa: BLE001 - the answer breaks off, which the client notices by its length
                return 0
            if piece is None:
                break
            self._pending = memoryview(piece)
        # Closing with unread bytes would reset the connection, and the answer with it.
        self.socket.shutdown(socket.SHUT_WR)
        self._done = True
        return selectors.EVENT_READ

    def _drain(self) -> int:
        return selectors.EVENT_READ if self.socket.recv(64 * 1024) else 0


def _plain(status: int) -> Page:
    return Page(status, [f"{HTTPStatus(status).phrase}\n".encode()])


def _written(page: Page, *, chunked: bool) -> Iterator[bytes]:
    """Head and body; long bodies go in pieces as they come, so that nobody needs their length beforehand."""
    pieces = page.body if isinstance(page.body, list) else None
    head = [
        f"HTTP/1.1 {page.status} {HTTPStatus(page.status).phrase}",
        f"Content-Type: {page.content_type}",
        "Connection: close",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
    ]
    if page.status == HTTPStatus.METHOD_NOT_ALLOWED:
        head.append("Allow: GET")
    if pieces is not None:
        head.append(f"Content-Length: {sum(map(len, pieces))}")
    elif chunked:
        head.append("Transfer-Encoding: chunked")
    yield ("\r\n".join(head) + "\r\n\r\n").encode()
    if pieces is not None or not chunked:
        yield from page.body
        return
    for piece in filter(None, page.body):
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
