"""Requests to the API server: authenticated, bounded in time, repeated when that can help.

Everything gitless asks for can be asked twice without harm: reads, server-side apply, deletions by uid, and writes of
the inventory under a resource version.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from urllib3 import Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from pipeline.clusters.kubernetes.access import Access
from pipeline.clusters.kubernetes.failures import failure, is_temporary, status_of
from pipeline.clusters.kubernetes.requests import Request
from pipeline.errors import ClusterError
from pipeline.ports import Reporter

_OK = range(200, 300)
_UNAUTHORIZED = 401
_TRIES = 5
_CONNECT_SECONDS = 10.0
_FIRST_WAIT = 0.25
_WAIT_BUDGET = 30.0
_LOOPBACK = re.compile(r"https?://(?:127\.|localhost\b|\[::1\])")
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of the API server, whatever its status."""

    status: int
    content: bytes
    headers: Mapping[str, str]
    source: str
    """Who answered, for messages."""

    def json(self) -> dict[str, Any]:
        """The content read as a JSON object.

        Raises:
            ClusterError: it is none, so something else than an API server answered.
        """
        hint = "is this address an API server, or a login page or proxy in front of it?"
        try:
            document = json.loads(self.content)
        except (ValueError, RecursionError):
            raise ClusterError(f"{self.source}: its answer (HTTP {self.status}) is not JSON", hint=hint) from None
        if not isinstance(document, dict) or not isinstance(document.get("metadata", {}), dict):
            raise ClusterError(f"{self.source}: its answer (HTTP {self.status}) is no API object", hint=hint)
        return document

    def object(self) -> dict[str, Any]:
        """The same, with metadata, as every object and list has.

        Raises:
            ClusterError: the same.
        """
        document = self.json()
        if "metadata" not in document:
            raise ClusterError(f"{self.source}: its answer (HTTP {self.status}) is no API object")
        return document


class Transport:
    """Sends requests over one pool of connections; safe in many threads."""

    def __init__(
        self, access: Access, *, timeout: float, reporter: Reporter, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._access = access
        self._timeout = Timeout(connect=min(timeout, _CONNECT_SECONDS), read=timeout)
        self._seconds = timeout
        self._reporter = reporter
        self._sleep = sleep
        self._has_answered = False
        self._lock = Lock()
        self._warned: set[str] = set()

    def object(self, request: Request) -> dict[str, Any]:
        """The object or list that answers a request which must succeed.

        Raises:
            ClusterError: it did not, or RefusedError's subclasses for conflicts and immutable fields.
        """
        response = self.send(request)
        if response.status not in _OK:
            raise failure(request, response.status, response.content)
        return response.object()

    def send(self, request: Request, tries: int = _TRIES) -> Response:
        """The final answer, good or bad, after as many tries as make sense.

        Raises:
            ClusterError: no answer came (``cluster.unreachable``), or we are not let in (``cluster.unauthorized``).
        """
        waited = 0.0
        for attempt in range(1, tries + 1):
            outcome = self._attempt(request)
            wait = _wait_before(attempt + 1, outcome)
            waited += wait
            if attempt >= min(tries, self._tries_for(request, outcome)) or waited > _WAIT_BUDGET:
                break
            reason = f"HTTP {outcome.status}" if isinstance(outcome, Response) else "no answer"
            self._reporter.detail(f"{request.subject}: {reason}; trying again in {wait:.1f} s")
            self._sleep(wait)
        if isinstance(outcome, Response):
            return outcome
        raise self._unreachable(outcome) from outcome

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def _attempt(self, request: Request) -> Response | HTTPError:
        try:
            return self._once(request)
        except HTTPError as error:
            return error

    def _tries_for(self, request: Request, outcome: Response | HTTPError) -> int:
        """How often to try at most, after such an outcome."""
        if isinstance(outcome, Response):
            if not is_temporary(request, outcome.status, outcome.content):
                return 1
            # An internal error may be an admission webhook that is down for good, and then every object meets it.
            return 3 if outcome.status == 500 else _TRIES  # noqa: PLR2004 - RFC 9110
        if isinstance(outcome, SSLError):
            return 1
        # Who was there a moment ago comes back (a new leader, a new address); who never was is a wrong address.
        # Silence has cost the whole timeout already.
        return 2 if isinstance(outcome, ReadTimeoutError) or not self._has_answered else _TRIES

    def _once(self, request: Request) -> Response:
        credentials = self._access.headers()
        response = self._exchange(request, credentials)
        if response.status == _UNAUTHORIZED and self._access.renew(credentials):
            response = self._exchange(request, self._access.headers())
        if response.status == _UNAUTHORIZED:
            raise self._unauthorized(response)
        return response

    def _exchange(self, request: Request, credentials: Mapping[str, str]) -> Response:
        # Packing long lists pays over a network; on loopback it only costs both ends time.
        encoding = "identity" if _LOOPBACK.match(self._access.server) else "gzip"
        headers = {"Accept": request.accept, "Accept-Encoding": encoding, "User-Agent": "gitless", **credentials}
        if request.content is not None:
            headers["Content-Type"] = request.content_type
        answer = self._access.pool.urlopen(
            request.method,
            self._access.server + request.target,
            body=request.content,
            headers=headers,
            timeout=self._timeout,
            retries=False,
            redirect=False,
        )
        self._has_answered = True
        if "Warning" in answer.headers:
            self._pass_on(answer.headers["Warning"])
        return Response(answer.status, answer.data, answer.headers, self.place)

    def _pass_on(self, header: str) -> None:
        """Tell the server's warnings (deprecated versions and the like), each once."""
        for text in _WARNING.findall(header):
            with self._lock:
                is_new = text not in self._warned
                self._warned.add(text)
            if is_new:
                self._reporter.warn(text.replace('\\"', '"'))

    def _unauthorized(self, response: Response) -> ClusterError:
        message = status_of(response.content).get("message", "Unauthorized")
        return ClusterError(
            f"{self.place} does not accept our credentials ({message[:200]})",
            hint="log in again, or choose another context with --context",
            code="cluster.unauthorized",
        )

    def _unreachable(self, error: HTTPError) -> ClusterError:
        hint = "check that the address is right and can be reached from here, or choose another --context"
        if isinstance(error, SSLError):
            why, hint = f"TLS: {_cut(error)}", "check certificate-authority-data and the clock"
        elif isinstance(error, NameResolutionError):
            why = "its name cannot be resolved"
        elif isinstance(error, NewConnectionError):
            why = _cut(error)
        elif isinstance(error, ConnectTimeoutError):
            why = "connecting takes too long"
        elif isinstance(error, ReadTimeoutError):
            why, hint = f"no answer within {self._seconds:g} s", "raise the timeout, or look at the API server's load"
        else:
            why = _cut(error)
        return ClusterError(f"{self.place} cannot be reached: {why}", hint=hint, code="cluster.unreachable")

    @property
    def place(self) -> str:
        """Which API server, for messages."""
        server = re.sub(r"//[^/@]*@", "//", self._access.server)
        return f"cluster {self._access.context} ({server})"


def _wait_before(attempt: int, outcome: Response | HTTPError) -> float:
    """Seconds: what the API server asks for (always whole seconds), else longer each time and never quite the same."""
    asked = outcome.headers.get("Retry-After", "").strip() if isinstance(outcome, Response) else ""
    if asked.isascii() and asked.isdigit():
        return float(asked)
    return _FIRST_WAIT * 2.0 ** (attempt - 2) * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, no secret


def _cut(error: BaseException) -> str:
    text = str(error.args[-1] if error.args else error)
    # "<urllib3.connection.HTTPSConnection object at 0x…>: Failed to …" and the like.
    text = re.sub(r"^.*?object at 0x\w+>?(?:\([^)]*\))?:\s*|^HTTPS?Connection\([^)]*\):\s*", "", text)
    return " ".join(text.split())[:200]
