"""A client that takes little of the machine it measures on: kept connections, and watches instead of polling."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from tests.bench.measuring import BenchError
from tests.platform.access import Access

SOURCES = "/apis/source.toolkit.fluxcd.io/v1/namespaces/{}/ocirepositories"
KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{}/kustomizations"
MERGE = "application/merge-patch+json"
_PARALLEL = 8
_LOOK_SECONDS = 0.02


class Client:
    """Requests over one connection per thread, counted."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._context = ssl.create_default_context(cafile=str(access.authority))
        self._context.load_cert_chain(access.identity.certificate, access.identity.key)
        self._own = threading.local()
        self._lock = threading.Lock()
        self.requests = 0

    def connect(self) -> http.client.HTTPSConnection:
        """A new connection."""
        address = urlsplit(self._access.server)
        return http.client.HTTPSConnection(address.hostname or "", address.port, context=self._context, timeout=60)

    def send(self, method: str, path: str, body: object, content_type: str = "application/json") -> None:
        """One request that has to succeed; the answer is not looked at."""
        if not hasattr(self._own, "connection"):
            self._own.connection = self.connect()
        connection: http.client.HTTPSConnection = self._own.connection
        connection.request(method, path, json.dumps(body), {"Content-Type": content_type})
        answer = connection.getresponse()
        content = answer.read()
        with self._lock:
            self.requests += 1
        if answer.status >= 400:
            raise BenchError(f"{method} {path} answered {answer.status}: {content[:500].decode(errors='replace')}")

    def send_all(self, requests: Iterable[tuple[str, str, object, str]]) -> None:
        """Many requests, eight at a time."""
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for _ in pool.map(lambda request: self.send(*request), requests):
                pass

    def create_all(self, path: str, bodies: Iterable[object]) -> None:
        """Create objects in the collection."""
        self.send_all(("POST", path, body, "application/json") for body in bodies)

    def request_all(self, path: str, names: Iterable[str], token: str) -> None:
        """Ask for a reconciliation of each object, as ``flux reconcile`` does."""
        patch = {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": token}}}
        self.send_all(("PATCH", f"{path}/{name}", patch, MERGE) for name in names)


@dataclass(frozen=True, slots=True)
class State:
    """What a custom resource's status says."""

    ready: bool
    revision: str
    handled: str
    message: str

    @classmethod
    def of(cls, body: dict[str, Any]) -> State:
        """Read it; Ready counts only for the generation that is there."""
        status, metadata = body.get("status") or {}, body["metadata"]
        found: dict[str, Any] = next((each for each in status.get("conditions") or () if each["type"] == "Ready"), {})
        current = found.get("observedGeneration") == metadata["generation"]
        return cls(
            found.get("status") == "True" and current,
            str(status.get("lastAppliedRevision") or (status.get("artifact") or {}).get("revision") or ""),
            str(status.get("lastHandledReconcileAt") or ""),
            str(found.get("message") or ""),
        )


class Watcher:
    """Knows the state of all objects of a collection, from ``with`` to its end."""

    def __init__(self, client: Client, path: str) -> None:
        self._client = client
        self._path = path
        self._states: dict[str, State] = {}
        self._over = False
        self._connection = client.connect()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        with suppress(OSError):
            if self._connection.sock is not None:
                self._connection.sock.close()

    def wait(self, names: Iterable[str], reached: Callable[[State], bool], *, seconds: float, what: str) -> None:
        """Wait until every one of the named objects has reached something.

        Raises:
            BenchError: not in so many seconds; one of the others is shown.
        """
        left, end = list(names), time.monotonic() + seconds
        while left:
            left = [name for name in left if name not in self._states or not reached(self._states[name])]
            if left and time.monotonic() > end:
                raise BenchError(
                    f"{len(left)} objects are not {what} after {seconds:.0f} s, such as "
                    f"{left[0]}: {self._states.get(left[0])}"
                )
            time.sleep(_LOOK_SECONDS if left else 0)

    def _watch(self) -> None:
        while not self._over:
            try:
                self._read()
            except (OSError, ValueError, http.client.HTTPException, AttributeError):
                # Closed by us, or broken off: the next one begins with all objects again.
                self._connection.close()
                self._connection = self._client.connect()

    def _read(self) -> None:
        self._connection.request("GET", f"{self._path}?watch=1&timeoutSeconds=3000")
        answer = self._connection.getresponse()
        if answer.status != http.client.OK:
            # A definition that has just been made known is not served for a moment.
            time.sleep(0.2)
            raise OSError(answer.read())
        while line := answer.readline():
            event = json.loads(line)
            if event["type"] in {"ADDED", "MODIFIED"}:
                self._states[event["object"]["metadata"]["name"]] = State.of(event["object"])
