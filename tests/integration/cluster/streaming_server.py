"""A server that answers a watch or a log request byte by byte, as a test prepared it."""

from __future__ import annotations

import http.server
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Piece = bytes | float | str
"""Bytes of the content, a pause in seconds, or ``cut`` and ``reset`` for how the connection ends there."""


@dataclass
class Script:
    """One answer: its status, and what is sent after the headers."""

    pieces: Sequence[Piece] = ()
    status: int = 200
    is_chunked: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    before: float = 0.0


def line(kind: str, body: dict[str, Any]) -> bytes:
    """One event of a watch."""
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


def config_map(version: str, **data: str) -> dict[str, Any]:
    """An object of a watch."""
    metadata = {"name": "settings", "namespace": "shop", "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


class StreamingServer(http.server.ThreadingHTTPServer):
    """Serves discovery, and for everything else the scripts in their order, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripts: list[Script] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections: set[tuple[str, int]] = set()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        # A client that gave up is part of the plan.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StreamingServer

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.connections.add(self.client_address)
        if self.path in {"/api", "/apis"}:
            content = json.dumps({"kind": "APIVersions", "versions": ["v1"]}).encode()
            self._head(Script(headers={"Content-Length": str(len(content))}, is_chunked=False))
            self.wfile.write(content)
            return
        self.server.requests.append((self.path, dict(self.headers)))
        scripts = self.server.scripts
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        time.sleep(script.before)
        self._head(script)
        for piece in script.pieces:
            if not self._play(piece, is_chunked=script.is_chunked):
                return
        if script.is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _head(self, script: Script) -> None:
        self.send_response(script.status)
        chunked = {"Transfer-Encoding": "chunked"} if script.is_chunked else {}
        for name, value in {"Content-Type": "application/json", **chunked, **script.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _play(self, piece: Piece, *, is_chunked: bool) -> bool:
        """Whether the connection is still there."""
        if isinstance(piece, float):
            time.sleep(piece)
        elif isinstance(piece, bytes):
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if is_chunked else piece)
        else:
            if piece == "half a chunk":
                self.wfile.write(b"ffff\r\n" + line("ADDED", config_map("9"))[:30])
            if piece == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
            self.close_connection = True
            return False
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Silent."""


@contextmanager
def streaming_server() -> Iterator[StreamingServer]:
    """Started, and stopped in the end."""
    with StreamingServer() as started:
        serve: Callable[..., None] = started.serve_forever
        thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield started
        started.shutdown()
        thread.join()
