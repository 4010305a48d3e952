"""The oras client with its way of sending replaced: time limits, few retries, scoped tokens, guarded redirects.

oras makes the session, the URLs and the requests for blobs; every request it makes goes through
:meth:`Transport.do_request`, so that none of its own retrying, logging in or error handling is ever reached.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator, Mapping
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pipeline.errors import PipelineError, RegistryError
from pipeline.model.artifact.manifest import MAX_MANIFEST_BYTES
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Clock, Environment, FindLogin, Reporter
from pipeline.registries.oci import failures
from pipeline.registries.oci.authentication import Authentication, TokenAnswer
from pipeline.registries.oci.calls import SAFE, Call, SizedBody
from pipeline.registries.oci.challenges import PULL, PUSH, Scopes, repository_scope
from pipeline.registries.oci.connections import container_of, without_jsonschema
from pipeline.registries.oci.endpoints import Endpoint, is_loopback, origin_of, proxies_for, without_query
from pipeline.registries.oci.retries import Patience, is_worth_retrying, retry_after
from pipeline.registries.oci.sessions import Sessions, send_with

with without_jsonschema():
    import oras.provider

if TYPE_CHECKING:
    import requests

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPING_METHOD = frozenset({307, 308})
_MAX_REDIRECTS = 5
_LONGEST_CONNECT = 10.0
_CHUNK = 256 * 1024
_UNAUTHORIZED = 401
_Body = SizedBody | bytes | None


class Transport(oras.provider.Registry):  # type: ignore[misc] # oras has no type information
    """Sends requests to one registry. Safe in many threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        options: RegistryOptions,
        find_credentials: FindLogin,
        environment: Environment,
        reporter: Reporter,
        clock: Clock,
        sessions: Sessions | None = None,
    ) -> None:
        super().__init__(hostname=endpoint.authority, insecure=endpoint.scheme == "http")
        # oras made one of its own, which nothing here uses: ours may be shared with other repositories.
        self.session = self.auth.session = None
        self.endpoint = endpoint
        self.timeout = options.timeout
        self._options = options
        self._sessions = sessions or Sessions()
        self._environment = environment
        self._reporter = reporter
        self._warned = False
        self.clock = clock
        self._authentication = Authentication(endpoint, find_credentials, self._ask_token_server, clock)
        self.container = container_of(endpoint)

    def url(self, place: str) -> str:
        """The URL of ``host/v2/…`` as oras' containers give it."""
        return f"{self.prefix}://{place}"

    def pull_scopes(self) -> Scopes:
        """Reading our repository."""
        return repository_scope(self.endpoint.path, PULL)

    def push_scopes(self) -> Scopes:
        """Writing our repository, reading included."""
        return repository_scope(self.endpoint.path, PUSH)

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        stream: bool = False,  # noqa: FBT001, FBT002 - oras' signature
    ) -> requests.Response:
        """The one way of oras to the network, led through :meth:`send`."""
        body = data if json is None else json_format.dumps(json).encode()
        call = Call(
            method=method,
            url=url,
            what=f"{'read' if method in SAFE else 'write'} {urlsplit(url).path.removeprefix('/v2/')}",
            scopes=self.pull_scopes() if method in SAFE else self.push_scopes(),
            headers=headers or {},
            content=None if body is None else lambda: (body,),
            size=len(body or b""),
            stream=stream,
        )
        return self.send(call)

    def send(self, call: Call) -> requests.Response:
        """Send until there is a final answer.

        Without ``stream`` the answer's body has been read, up to the size of a manifest.

        Raises:
            ArtifactNotFoundError: the answer is 404 and that was not accepted.
            RegistryError: any other answer that was not accepted, or none.
        """
        patience = Patience(self.clock, patient=self._options.patient)
        while True:
            try:
                response = self._send_authorized(call)
                again = call.retried and is_worth_retrying(response.status_code, idempotent=call.idempotent)
                if again and patience.after_status(self.asked_to_wait(response)):
                    response.close()
                    continue
                return self._judged(call, response)
            except failures.LostConnectionError as lost:
                if call.retried and call.idempotent and lost.may_retry and patience.after_lost_connection():
                    continue
                raise

    def knock(self) -> None:
        """Ask once whether there is a registry at all; any answer will do.

        Raises:
            LostConnectionError: none came.
        """
        url = self.url(f"{self.container.registry}/v2/")
        self._once("GET", url, "find out how the registry is reached", {}, None).close()

    def read(self, response: requests.Response, what: str, *, within: float = inf) -> Iterator[bytes]:
        """A body in chunks, exactly as it came; the connection is given back at the end.

        Chunks are handed on as they come: who drips keeps nobody from looking at the clock. ``within`` is in seconds.

        Raises:
            RegistryError: the connection broke before the announced length, or the end did not come in time.
        """
        from urllib3.exceptions import HTTPError

        deadline = perf_counter() + within
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=False):
                yield chunk
                if perf_counter() > deadline:
                    raise TimeoutError
        except (HTTPError, OSError) as error:
            at = urlsplit(str(response.url)).netloc
            raise failures.unreachable(self.endpoint, what, error, self.timeout, at) from None
        finally:
            response.close()

    def asked_to_wait(self, response: requests.Response) -> float | None:
        """The seconds of an answer's ``Retry-After``."""
        return retry_after(response.headers.get("Retry-After"), self.clock.now())

    def refused(self, what: str, response: requests.Response) -> PipelineError:
        """The error for an answer whose body has been read."""
        known = self._authentication
        answer = failures.Answer(
            status=response.status_code,
            body=response.content,
            from_registry=origin_of(str(response.url)) == self.endpoint.origin,
            asked_to_wait=self.asked_to_wait(response),
        )
        return failures.refused(self.endpoint, what, answer, secrets=known.secrets, logged_in=known.logged_in)

    def _send_authorized(self, call: Call) -> requests.Response:
        authorization = self._authentication.authorization(call.scopes)
        response = self._follow(call, authorization)
        if not self._is_refused(response):
            return response
        challenge = response.headers.get("WWW-Authenticate", "")
        self._bounded(response, call.what)
        renewed = self._authentication.respond(challenge, call.scopes, authorization)
        if renewed is None:
            raise self.refused(call.what, response)
        response = self._follow(call, renewed)
        another = self._authentication.another(renewed) if self._is_refused(response) else None
        if another is None:
            return response
        response.close()
        return self._follow(call, another)

    def _is_refused(self, response: requests.Response) -> bool:
        """Whether the registry itself wants to know who asks."""
        return response.status_code == _UNAUTHORIZED and origin_of(str(response.url)) == self.endpoint.origin

    def _follow(self, call: Call, authorization: str | None) -> requests.Response:
        url = call.url
        for _ in range(_MAX_REDIRECTS + 1):
            at_registry = origin_of(url) == self.endpoint.origin
            headers = dict(call.headers)
            if authorization is not None and at_registry:
                headers["Authorization"] = authorization
                self._warn_of_plain_http()
            body = None if call.content is None else SizedBody(call.content, call.size)
            response = self._once(call.method, url, call.what, headers, body)
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or not location:
                return response
            response.close()
            target = urljoin(url, location)
            self._check_redirect(call, url, target, response.status_code)
            url = target
        raise RegistryError(f"{self.endpoint.host}: cannot {call.what}: more than {_MAX_REDIRECTS} redirects")

    def _warn_of_plain_http(self) -> None:
        if self.endpoint.scheme == "http" and not self._warned and not is_loopback(self.endpoint.authority):
            self._warned = True
            self._reporter.warn(f"{self.endpoint.host}: the login travels unencrypted (--plain-http)")

    def _check_redirect(self, call: Call, url: str, target: str, status: int) -> None:
        problem = None
        scheme = urlsplit(target).scheme
        if scheme not in {"http", "https"}:
            problem = "to something that is no HTTP address"
        elif scheme == "http" and urlsplit(url).scheme == "https":
            problem = f"from HTTPS to plain HTTP ({without_query(target)})"
        elif call.method not in SAFE and (status not in _KEEPING_METHOD or origin_of(target) != self.endpoint.origin):
            problem = f"an upload to another place ({without_query(target)})"
        if problem:
            raise RegistryError(f"{self.endpoint.host}: cannot {call.what}: the registry redirects {problem}")

    def _once(self, method: str, url: str, what: str, headers: Mapping[str, str], body: _Body) -> requests.Response:
        import requests
        from urllib3.exceptions import HTTPError

        started = perf_counter()
        rests = (origin_of(url), self._options.proxy)
        if not self._sessions.resting.may_ask(rests):
            raise failures.resting(self.endpoint, what)
        try:
            session = self._sessions.of(self.endpoint, self._options)
            timeout = (min(self.timeout, _LONGEST_CONNECT), self.timeout)
            proxies = proxies_for(url, self._environment, self._options.proxy)
            response = send_with(session, method, url, headers, body, timeout, proxies)
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            self._sessions.tell(rests, method, 0, perf_counter() - started)
            lost = failures.unreachable(self.endpoint, what, error, self.timeout, urlsplit(url).netloc)
            self._reporter.detail(f"{method} {without_query(url)}: {lost.message}")
            raise lost from None
        seconds = perf_counter() - started
        self._sessions.tell(rests, method, response.status_code, seconds)
        self._reporter.detail(f"{method} {without_query(url)} {response.status_code} in {seconds * 1000:.0f} ms")
        return response

    def _judged(self, call: Call, response: requests.Response) -> requests.Response:
        accepted = response.status_code in call.accepted
        if not accepted or not call.stream:
            self._bounded(response, call.what)
        if not accepted:
            raise self.refused(call.what, response)
        return response

    def _bounded(self, response: requests.Response, what: str) -> None:
        """Read the body into the response; more than a manifest may have is no answer."""
        parts: list[bytes] = []
        size = 0
        for part in self.read(response, what, within=self.timeout):
            size += len(part)
            if size > MAX_MANIFEST_BYTES:
                response.close()
                raise RegistryError(
                    f"{self.endpoint.host}: cannot {what}: the answer is larger than {MAX_MANIFEST_BYTES} bytes"
                )
            parts.append(part)
        # What requests itself would have kept, had it read the body.
        response._content, response._content_consumed = b"".join(parts), True  # type: ignore[attr-defined] # noqa: SLF001

    def _ask_token_server(self, url: str, *, authorization: str | None, form: Mapping[str, str] | None) -> TokenAnswer:
        from urllib.parse import urlencode

        headers = {} if authorization is None else {"Authorization": authorization}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        patience = Patience(self.clock, patient=self._options.patient)
        while True:
            try:
                response = self._once("GET" if form is None else "POST", url, "log in", headers, body)
            except failures.LostConnectionError as lost:
                if lost.may_retry and patience.after_lost_connection():
                    continue
                raise
            if is_worth_retrying(response.status_code, idempotent=True) and patience.after_status(
                self.asked_to_wait(response)
            ):
                response.close()
                continue
            self._bounded(response, "log in")
            return TokenAnswer(response.status_code, response.content)
