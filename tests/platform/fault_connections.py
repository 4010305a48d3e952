"""The connections of a fault proxy: HTTP/1.1 on both sides, streams passed on as they come."""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .faults import Fault

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"})
_CHUNK = 64 * 1024


class Listener(ThreadingHTTPServer):
    """Listens on loopback; ``decide(method, target)`` says for each request what becomes of it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        upstream: str,
        decide: Callable[[str, str], Fault],
        *,
        serve: ssl.SSLContext | None,
        connect: ssl.SSLContext | None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.decide = decide
        self._upstream = urlsplit(upstream)
        self._serve = serve
        self._connect = connect
        self._released = threading.Event()
        self._open: set[_Handler] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def upstream(self) -> http.client.HTTPConnection:
        """A connection to the true server."""
        host, port = self._upstream.hostname or "", self._upstream.port
        if self._connect is None:
            return http.client.HTTPConnection(host, port, timeout=600)
        return http.client.HTTPSConnection(host, port, timeout=600, context=self._connect)

    def enter(self, handler: _Handler) -> None:
        """Remember an open connection."""
        self._open.add(handler)

    def leave(self, handler: _Handler) -> None:
        """Forget it."""
        self._open.discard(handler)

    def hang(self) -> None:
        """Wait until somebody lets go."""
        self._released.wait(600)

    def release(self) -> None:
        """Let go of what hangs."""
        self._released.set()
        self._released = threading.Event()

    def cut_streams(self) -> int:
        """Cut the connections on which an answer is being passed on."""
        streaming = [handler for handler in tuple(self._open) if handler.is_streaming]
        for handler in streaming:
            handler.cut()
        return len(streaming)

    def cut_all(self) -> None:
        """Cut every connection."""
        for handler in tuple(self._open):
            handler.cut()

    def stop(self) -> None:
        """Stop listening and cut what is open."""
        self.shutdown()
        self.server_close()
        self.release()
        self.cut_all()
        self._thread.join(5)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        # In the connection's own thread: a handshake must not hold up the others.
        if self._serve is not None:
            with suppress(OSError):
                request = self._serve.wrap_socket(request, server_side=True)
                super().finish_request(request, client_address)
                request.close()
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        # A client that was killed is part of the plan; its thread must not complain in the middle of another test.
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One client connection, and one to the server behind."""

    protocol_version = "HTTP/1.1"
    server: Listener
    disable_nagle_algorithm: ClassVar[bool] = True
    is_streaming = False

    def setup(self) -> None:
        super().setup()
        self._behind: http.client.HTTPConnection | None = None
        self.server.enter(self)

    def finish(self) -> None:
        self.server.leave(self)
        if self._behind is not None:
            self._behind.close()
        with suppress(OSError, ValueError):
            super().finish()

    def cut(self) -> None:
        """End both connections, from any thread."""
        self.close_connection = True
        behind = self._behind.sock if self._behind is not None else None
        for end in (self.connection, behind):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Pass one request on, or do to it what was asked for."""
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.decide(self.command, self.path)
        try:
            if fault.hang:
                self.server.hang()
            if fault.hang or fault.drop == "before":
                self.cut()
            elif fault.status:
                self._answer(fault)
            else:
                self._pass_on(content, fault)
        except (OSError, ValueError, http.client.HTTPException):
            self.cut()
        finally:
            self.is_streaming = False

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
        """Say nothing."""

    def _answer(self, fault: Fault) -> None:
        self.send_response(fault.status)
        for name, value in {"Content-Type": "application/json", **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(fault.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(fault.content)

    def _pass_on(self, content: bytes, fault: Fault) -> None:
        answer = self._ask(content)
        if fault.drop == "after":
            answer.read()
            self.cut()
            return
        self.send_response(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP and name.lower() not in {"date", "server"}:
                self.send_header(name, value)
        has_body = self.command != "HEAD" and answer.status not in {204, 304}
        is_chunked = answer.getheader("Content-Length") is None and has_body
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if fault.flip or fault.keep is not None:
            self._send(_changed(answer.read(), fault), chunked=is_chunked)
            if fault.keep is not None:
                self.cut()
                return
        elif has_body:
            self._stream(answer, chunked=is_chunked)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _ask(self, content: bytes) -> http.client.HTTPResponse:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        if self._behind is not None:
            # An idle connection may have been closed by the server: that is known only now.
            with suppress(OSError, http.client.HTTPException):
                self._behind.request(self.command, self.path, content or None, headers)
                return self._behind.getresponse()
            self._behind.close()
        self._behind = self.server.upstream()
        self._behind.request(self.command, self.path, content or None, headers)
        return self._behind.getresponse()

    def _stream(self, answer: http.client.HTTPResponse, *, chunked: bool) -> None:
        self.is_streaming = True
        while part := answer.read1(_CHUNK):
            self._send(part, chunked=chunked)

    def _send(self, part: bytes, *, chunked: bool) -> None:
        if part:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)


def _changed(body: bytes, fault: Fault) -> bytes:
    if fault.flip and body:
        middle = len(body) // 2
        body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
    return body if fault.keep is None else body[: fault.keep]
