"""A proxy that does to chosen requests what networks and servers do on a bad day.

It stands between a client and an API server (``FaultProxy.before_api_server``, with TLS
and a kubeconfig of its own) or a registry (``FaultProxy.before_registry``), passes
everything on as it is, counts it, and breaks what the test asked it to break:

    proxy.inject(Fault(status=409), method="PATCH", path="/status$", times=2)
    proxy.inject(Fault(call=puller.kill), method="DELETE", after=3)
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from .access import Access
from .certificates import Authority
from .fault_connections import Listener
from .faults_of_kubernetes import status_body
from .processes import Running
from .registries import DebianRegistry


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of a request; the steps happen in the order of the fields.

    Attributes:
        delay: seconds that it waits first.
        call: run then, such as to kill the client.
        hang: it is never answered, until the proxy stops or the client goes.
        drop: the connection is cut, ``before`` the request is passed on or ``after`` (it has taken effect).
        status: the answer, made here, with ``headers`` and ``body`` (a Kubernetes Status by default).
        keep: only that many bytes of the true body are passed on; then the connection is cut.
        flip: the middle byte of the true body is another one.
    """

    delay: float = 0.0
    call: Callable[[], None] | None = None
    hang: bool = False
    drop: Literal["", "before", "after"] = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    keep: int | None = None
    flip: bool = False

    @property
    def content(self) -> bytes:
        """The body of an answer that is made here."""
        return status_body(self.status) if self.body is None else self.body


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request that came, broken or not; ``target`` is path and query."""

    method: str
    target: str
    at: float

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    def matches(self, method: str, path: str) -> bool:
        """Whether it is one of that method (a regular expression) to a target with that expression in it."""
        return re.fullmatch(method, self.method) is not None and re.search(path, self.target) is not None


@dataclass(kw_only=True)
class _Rule:
    fault: Fault
    method: str
    path: str
    after: int
    times: int | None
    met: int = 0

    def take(self, seen: Seen) -> bool:
        if not seen.matches(self.method, self.path):
            return False
        self.met += 1
        number = self.met - self.after
        return number > 0 and (self.times is None or number <= self.times)


class FaultProxy(Running):
    """The proxy: it listens from its making until ``stop``, or the end of the context.

    ``url`` is where; requests are in ``seen``, in the order they came.
    """

    def __init__(
        self, upstream: str, *, serve: ssl.SSLContext | None = None, connect: ssl.SSLContext | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._is_out = False
        self.seen: list[Seen] = []
        self._listener = Listener(upstream, self._decide, serve=serve, connect=connect)
        self.address = f"127.0.0.1:{self._listener.server_port}"
        self.url = f"{'https' if serve else 'http'}://{self.address}"

    @classmethod
    def before_api_server(cls, access: Access, directory: Path) -> tuple[Self, Path]:
        """One before an API server, and a kubeconfig that leads through it.

        Whoever comes without a token is who ``access`` is: a client's certificate ends here.
        """
        authority = Authority.create(directory / "certificates", name="gitless-faults")
        served = authority.server("proxy", ["localhost", "127.0.0.1"])
        serve = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serve.load_cert_chain(served.certificate, served.key)
        connect = ssl.create_default_context(cafile=str(access.authority))
        connect.load_cert_chain(access.identity.certificate, access.identity.key)
        proxy = cls(access.server, serve=serve, connect=connect)
        mine = Access(server=proxy.url, authority=authority.certificate_file, identity=authority.user("client"))
        return proxy, mine.write_kubeconfig(directory / "kubeconfig")

    @classmethod
    def before_registry(cls, address: str) -> Self:
        """One before a registry that speaks plain HTTP; ``address`` is then that of the registry to name."""
        return cls(f"http://{address}")

    @classmethod
    def before_tls_registry(cls, registry: DebianRegistry) -> Self:
        """One that speaks plain HTTP for a registry with TLS."""
        return cls(f"https://{registry.address}", connect=ssl.create_default_context(cafile=str(registry.ca_file)))

    def inject(
        self, fault: Fault, *, method: str = ".*", path: str = "", after: int = 0, times: int | None = 1
    ) -> None:
        """Break the next ``times`` requests like that (all: ``None``), once ``after`` of them went through.

        ``method`` and ``path`` are regular expressions; ``path`` is searched in path and query.
        """
        with self._lock:
            self._rules.append(_Rule(fault=fault, method=method, path=path, after=after, times=times))

    def heal(self) -> None:
        """Forget every fault, and let go of what hangs."""
        with self._lock:
            self._rules.clear()
        self._listener.release()

    def count(self, *, method: str = ".*", path: str = "") -> int:
        """How many requests like that came since the start or the last ``forget``."""
        with self._lock:
            return sum(seen.matches(method, path) for seen in self.seen)

    def forget(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self.seen.clear()

    def close_streams(self) -> int:
        """Cut every answer that is being passed on right now, such as watches; returns how many."""
        return self._listener.cut_streams()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Cut every connection, and each new one at its first request, for as long as the context lasts."""
        self._is_out = True
        self._listener.cut_all()
        try:
            yield
        finally:
            self._is_out = False

    def stop(self) -> None:
        """Stop listening and cut what is open."""
        self.heal()
        self._listener.stop()

    def _decide(self, method: str, target: str) -> Fault:
        """Note the request and say what becomes of it; delays and calls have happened then."""
        seen = Seen(method=method, target=target, at=time.monotonic())
        with self._lock:
            self.seen.append(seen)
            # Every rule counts, the first that is due decides.
            due = [rule.fault for rule in self._rules if rule.take(seen)]
        fault = Fault(drop="before") if self._is_out else due[0] if due else Fault()
        if fault.delay:
            time.sleep(fault.delay)
        if fault.call is not None:
            with suppress(OSError):
                fault.call()
        return fault
