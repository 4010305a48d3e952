"""``/metrics``, ``/healthz`` and ``/readyz``: one thread, whatever clients do.

A thread per connection would let slow clients hold the process's memory, and a few workers would let them keep the
kubelet's probes waiting until it kills us. Here every connection has a deadline, and the oldest gives way to a new one.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from pipeline.errors import ConfigurationError
from pipeline.puller.connection import Connection, Page

_MAX_CONNECTIONS = 64
_IDLE_SECONDS = 0.25

Check = Callable[[], str]
"""Says what is wrong, or nothing."""


def pages(*, metrics: Callable[[], Iterable[bytes]], content_type: str) -> Mapping[str, Callable[[], Page]]:
    """The page that Prometheus reads."""
    return {"/metrics": lambda: Page(200, metrics(), content_type)}


def checks(*, alive: Check, ready: Check) -> Mapping[str, Callable[[], Page]]:
    """The pages that the kubelet reads: 200 and ``ok``, or 503 and the reason."""
    return {"/healthz": lambda: _checked(alive), "/readyz": lambda: _checked(ready)}


class Endpoints:
    """Serves pages on addresses of its own, from :meth:`start` to :meth:`stop`."""

    def __init__(self, served: Mapping[str, Mapping[str, Callable[[], Page]]]) -> None:
        """Take what to serve where.

        Args:
            served: pages by path by address; an address is ``host:port`` or ``:port``, and ``0`` or nothing is nowhere.
        """
        self._served: dict[str, dict[str, Callable[[], Page]]] = {}
        for address, paths in served.items():
            if address not in {"", "0"}:
                self._served.setdefault(address, {}).update(paths)
        self.ports: list[int] = []
        """The ports that are listened on, in the order of the addresses."""
        self._listeners: list[socket.socket] = []
        self._connections: dict[socket.socket, Connection] = {}
        self._selector = selectors.DefaultSelector()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="endpoints", daemon=True)

    def start(self) -> None:
        """Listen.

        Raises:
            ConfigurationError: an address makes no sense or is taken; nothing is served then.
        """
        try:
            for address, paths in self._served.items():
                listener = _listen(address)
                self._listeners.append(listener)
                self.ports.append(listener.getsockname()[1])
                self._selector.register(listener, selectors.EVENT_READ, paths)
        except ConfigurationError:
            self._close()
            raise
        self._thread.start()

    def stop(self) -> None:
        """End all connections and listen no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select(_IDLE_SECONDS):
                if isinstance(key.data, Connection):
                    self._go_on(key.data)
                elif isinstance(key.fileobj, socket.socket):
                    self._accept(key.fileobj, key.data)
            now = time.monotonic()
            for connection in [each for each in self._connections.values() if each.is_late(now)]:
                self._end(connection)
        self._close()

    def _accept(self, listener: socket.socket, paths: Mapping[str, Callable[[], Page]]) -> None:
        try:
            accepted, _ = listener.accept()
        except OSError:
            # The client is gone already, or we are out of file descriptors and had better not spin.
            self._stopping.wait(0.05)
            return
        accepted.settimeout(0)
        if len(self._connections) >= _MAX_CONNECTIONS:
            self._end(next(iter(self._connections.values())))
        connection = Connection(accepted, paths, time.monotonic())
        self._connections[accepted] = connection
        self._selector.register(accepted, selectors.EVENT_READ, connection)

    def _go_on(self, connection: Connection) -> None:
        events = connection.go_on()
        if not events:
            self._end(connection)
        else:
            self._selector.modify(connection.socket, events, connection)

    def _end(self, connection: Connection) -> None:
        if self._connections.pop(connection.socket, None) is not None:
            self._selector.unregister(connection.socket)
        connection.socket.close()

    def _close(self) -> None:
        for connection in list(self._connections.values()):
            self._end(connection)
        for listener in self._listeners:
            listener.close()
        self._selector.close()


def _checked(check: Check) -> Page:
    reason = check()
    return Page(503, [f"{reason}\n".encode()]) if reason else Page(200, [b"ok\n"])


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) > 65535 or ":" not in address:  # noqa: PLR2004 - the largest port
        raise ConfigurationError(f"'{address}' is no address; expected host:port or :port")
    host = host.removeprefix("[").removesuffix("]")
    try:
        if not host and socket.has_dualstack_ipv6():
            with contextlib.suppress(OSError):
                return _bound("::", int(port), socket.AF_INET6, dualstack=True)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return _bound(host, int(port), family)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {address}: {error.strerror or error}", hint="choose another port, or stop who has it"
        ) from None


def _bound(host: str, port: int, family: int, *, dualstack: bool = False) -> socket.socket:
    listener = socket.create_server((host, port), family=family, backlog=64, dualstack_ipv6=dualstack)
    listener.settimeout(0)
    return listener
