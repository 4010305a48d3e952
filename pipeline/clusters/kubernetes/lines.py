"""Answers that come line by line for as long as the connection stays open: watches and logs."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable
from threading import Event, Lock
from typing import Any, Generic, Self, TypeVar

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from pipeline.clusters.kubernetes.failures import failure
from pipeline.clusters.kubernetes.requests import Request
from pipeline.clusters.kubernetes.transport import Transport
from pipeline.errors import ClusterError, PipelineError

_T = TypeVar("_T")
_CHUNK = 64 * 1024
_LINE_LIMIT = 64 * 1024 * 1024
"""Bytes; etcd takes objects of 1.5 MB, which JSON may write a few times longer."""
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""A peer that vanished without a word is noticed after 75 s."""


class LineStream(Generic[_T]):
    """The lines of an answer, each read as something; implements ``ports.Stream``.

    One thread iterates; any thread may close. The request is sent when the first line is asked for.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        read: Callable[[bytes], _T],
        *,
        seconds: float | None,
        refuse: Callable[[Request, int, bytes], PipelineError] = failure,
    ) -> None:
        """``seconds``: how long it may take in all; ``refuse`` makes the error of a beginning that failed."""
        self._transport = transport
        self._request = request
        self._read = read
        self._refuse = refuse
        self._seconds = seconds
        self._until = float("inf")
        self._lines: deque[bytes] = deque()
        self._begun: list[bytes] = []
        """Parts of the line that is not complete yet; joined once, however many there are."""
        self._begun_size = 0
        self._answer: BaseHTTPResponse | None = None
        self._has_started = False
        self._has_ended = False
        self._is_busy = False
        self._closed = Event()
        self._lock = Lock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _T:
        """The next line.

        Raises:
            ClusterError: it could not begin, or broke off; or whatever a line says that is an error.
        """
        try:
            return self._read(self._next_line())
        except StopIteration:
            raise
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it, from any thread and at once; whoever waits for a line finds the end."""
        with self._lock:
            self._closed.set()
            answer, is_busy = self._answer, self._is_busy
            if answer is None:
                return
            with contextlib.suppress(OSError, RuntimeError, ValueError):
                answer.shutdown()
            if not is_busy:
                answer.close()

    def _next_line(self) -> bytes:
        while not self._lines:
            if self._has_ended or self._closed.is_set():
                raise StopIteration
            try:
                chunk = self._next_chunk()
            except ClusterError:
                if self._closed.is_set():
                    raise StopIteration from None
                raise
            self._take(chunk)
        if self._closed.is_set():
            raise StopIteration
        return self._lines.popleft()

    def _take(self, chunk: bytes) -> None:
        if not chunk:
            self._has_ended = True
            if self._begun and not self._closed.is_set():
                self._lines.append(b"".join(self._begun))
            return
        *complete, rest = chunk.split(b"\n")
        if complete:
            self._begun.append(complete[0])
            self._lines.append(b"".join(self._begun))
            self._lines.extend(complete[1:])
            self._begun, self._begun_size = [], 0
        if rest:
            self._begun.append(rest)
            self._begun_size += len(rest)
        if self._begun_size > _LINE_LIMIT:
            raise ClusterError(f"{self._request.subject}: a line is longer than 64 MiB", code="cluster.invalid")

    def _next_chunk(self) -> bytes:
        """What has come in, at least a byte; nothing at the end."""
        if not self._has_started:
            self._has_started = True
            self._start()
        answer = self._answer
        with self._lock:
            if answer is None or self._closed.is_set():
                return b""
            self._is_busy = True
        try:
            chunk = answer.read1(_CHUNK)
        except (HTTPError, OSError, ValueError, AttributeError) as error:
            raise self._transport.broke_off(error) from error
        finally:
            with self._lock:
                self._is_busy = False
                if self._closed.is_set():
                    answer.close()
        if time.monotonic() > self._until:
            raise ClusterError(
                f"{self._request.subject}: it goes on for longer than asked for", code="cluster.unreachable"
            )
        return chunk

    def _start(self) -> None:
        response = self._transport.open(self._request)
        answer = response.stream
        if answer is None:
            raise self._refuse(self._request, response.status, response.content)
        _keep_alive(answer, self._seconds)
        if self._seconds is not None:
            self._until = time.monotonic() + self._seconds
        with self._lock:
            self._answer = answer
            if self._closed.is_set():
                answer.close()


def _keep_alive(answer: BaseHTTPResponse, seconds: float | None) -> None:
    """Let it be silent for that long, while the operating system looks whether the other end is still there."""
    connection: Any = answer.connection
    # A server that is about to go says "Connection: close"; then the usual timeout stays, and the stream ends early.
    connected = getattr(connection, "sock", None)
    if connected is None:
        return
    connected.settimeout(seconds)
    plain = getattr(connected, "socket", connected)
    with contextlib.suppress(OSError, AttributeError):
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
