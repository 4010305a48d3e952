"""Requests to the API server: authenticated, bounded in time, repeated when that can help.

Everything gitless asks for can be asked twice without harm: reads, server-side apply, deletions by uid, merge patches,
creations under a name, and writes under a resource version; of the last two, the second may find its own first.
"""

from __future__ import annotations

import copy
import random
import re
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from pipeline.clusters.kubernetes.answers import Response
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
_CHUNK = 256 * 1024
_DRIPPING = 4.0
"""How many timeouts an answer may take altogether: who sends a byte now and then never runs into the timeout itself."""
_LOOPBACK = re.compile(r"https?://(?:127\.|localhost\b|\[::1\])")
_OURS = "finalizers.fluxcd.io"
"""The API server would rather have another name for Flux's finalizer, which is part of Flux's contract."""
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


Observe = Callable[[str, int, float], None]
"""Told of every exchange: its method, its HTTP status or 0 where none came, and its seconds."""


class Entrance(Protocol):
    """How to reach one API server and who we are there."""

    @property
    def context(self) -> str:
        """How the user names it."""
        ...

    @property
    def server(self) -> str:
        """Its address."""
        ...

    @property
    def pool(self) -> Any:  # noqa: ANN401 - urllib3's PoolManager, which the kubernetes package leaves untyped
        """Its connections."""
        ...

    def headers(self) -> Mapping[str, str]:
        """What authenticates a request."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether there are other credentials than the refused ones by now."""
        ...


class Transport:
    """Sends requests over one pool of connections; safe in many threads."""

    def __init__(
        self,
        access: Entrance,
        *,
        timeout: float,
        reporter: Reporter,
        sleep: Callable[[float], None] = time.sleep,
        observe: Observe | None = None,
    ) -> None:
        self._access = access
        self._user: str | None = None
        self._timeout = Timeout(connect=min(timeout, _CONNECT_SECONDS), read=timeout)
        self._seconds = timeout
        self._reporter = reporter
        self._sleep = sleep
        self._observe = observe
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

    def open(self, request: Request) -> Response:
        """The beginning of an answer that goes on for long, tried once; one that is no success comes in whole.

        Raises:
            ClusterError: no answer came (``cluster.unreachable``), or we are not let in (``cluster.unauthorized``).
        """
        try:
            return self._once(request, streams=True)
        except HTTPError as error:
            raise self._unreachable(error) from error

    def impersonating(self, user: str) -> Transport:
        """The same connections, acting as somebody else; the API server adds a service account's groups itself.

        Raises:
            ClusterError: no user can have that name.
        """
        if not user.isascii() or not user.isprintable() or user != user.strip() or not user:
            raise ClusterError(f"{user!r} is not a user that can be impersonated", code="cluster.invalid")
        other = copy.copy(self)
        other._user = user  # noqa: SLF001 - of the same class
        return other

    def broke_off(self, error: BaseException) -> ClusterError:
        """What to raise where an answer ended in the middle."""
        if isinstance(error, HTTPError):
            return self._unreachable(error)
        return ClusterError(f"{self.place}: the connection broke off: {_cut(error)}", code="cluster.unreachable")

    def close(self) -> None:
        """Let idle connections go."""
        self._access.pool.clear()

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

    def _once(self, request: Request, *, streams: bool = False) -> Response:
        credentials = self._access.headers()
        response = self._exchange(request, credentials, streams=streams)
        if response.status == _UNAUTHORIZED and self._access.renew(credentials):
            response = self._exchange(request, self._access.headers(), streams=streams)
        if response.status == _UNAUTHORIZED:
            raise self._unauthorized(response)
        return response

    def _exchange(self, request: Request, credentials: Mapping[str, str], *, streams: bool) -> Response:
        started = time.monotonic()
        status = 0
        try:
            answer = self._access.pool.urlopen(
                request.method,
                self._access.server + request.target,
                body=request.content,
                headers=self._headers(request, credentials, streams=streams),
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            self._has_answered = True
            goes_on = streams and answer.status == 200  # noqa: PLR2004 - RFC 9110
            content = b"" if goes_on else self._content(answer, started + _DRIPPING * self._seconds)
            status = answer.status
        finally:
            if self._observe is not None:
                self._observe(request.method, status, time.monotonic() - started)
        if "Warning" in answer.headers:
            self._pass_on(answer.headers["Warning"])
        return Response(status, content, answer.headers, self.place, answer if goes_on else None)

    def _headers(self, request: Request, credentials: Mapping[str, str], *, streams: bool) -> dict[str, str]:
        # Packing long lists pays over a network; on loopback it only costs both ends time, and it holds streams up.
        encoding = "identity" if streams or _LOOPBACK.match(self._access.server) else "gzip"
        headers = {"Accept": request.accept, "Accept-Encoding": encoding, "User-Agent": "gitless", **credentials}
        if request.content is not None:
            headers["Content-Type"] = request.content_type
        if self._user is not None:
            headers = {name: value for name, value in headers.items() if not name.startswith("Impersonate-")}
            headers["Impersonate-User"] = self._user
        return headers

    def _content(self, answer: BaseHTTPResponse, until: float) -> bytes:
        parts = []
        while part := answer.read1(_CHUNK):
            parts.append(part)
            if time.monotonic() > until:
                answer.close()
                raise ReadTimeoutError(self._access.pool, "", "the answer takes too long")
        answer.release_conn()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _pass_on(self, header: str) -> None:
        """Tell the server's warnings (deprecated versions and the like), each once."""
        for text in _WARNING.findall(header):
            with self._lock:
                is_new = text not in self._warned
                self._warned.add(text)
            if is_new and _OURS not in text:
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
