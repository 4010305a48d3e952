"""Requests to a CI's own API: JSON over TLS, through the usual proxies, with few tries and short waits.

Waiting is bounded, since telling is worth no more than half a minute of a job. What a limit asks for is honoured as
GitHub and GitLab document it: ``Retry-After``, and ``X-RateLimit-Reset`` or ``RateLimit-Reset`` where nothing remains.
"""

from __future__ import annotations

import ipaddress
import json
import random
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from pipeline.ci.failures import LostAnswerError, UntoldError
from pipeline.environment import proxy_of
from pipeline.model.documents.printable import printable
from pipeline.ports import Clock, Environment

if TYPE_CHECKING:
    import urllib3

_CONNECT_TIMEOUT, _READ_TIMEOUT = 10.0, 20.0
_MAX_ANSWER = 32 * 1024 * 1024
_MAX_PAGES = 30
_TRIES, _TRIES_WITHOUT_ANSWER = 4, 2
_WAIT_BUDGET = 30.0
_FIRST_WAIT = 1.0
_TOO_MANY, _FORBIDDEN = 429, 403
_SERVER_ERRORS = frozenset({500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 307, 308})
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*?\brel="?next"?')


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, and the JSON that came with them (``None`` where none did)."""

    status: int
    headers: Mapping[str, str]
    document: Any

    @property
    def words(self) -> str:
        """The API's own message."""
        found = self.document.get("message") or self.document.get("error") if isinstance(self.document, dict) else ""
        text = found if isinstance(found, str) else json.dumps(found)
        return printable(text, 200) if found else ""


class Api:
    """One API, reached with one token, which goes nowhere but to the API's own origin."""

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        environment: Environment,
        clock: Clock,
        *,
        ca_file: str = "",
        may_be_plain: bool = False,
    ) -> None:
        """``may_be_plain`` allows HTTP without TLS, which loopback always may.

        Raises:
            UntoldError: the address is none that a token may be sent to.
        """
        self._base = base.rstrip("/")
        self._origin = _origin(base)
        if self._origin is None or (self._origin[0] == "http" and not may_be_plain and not _is_loopback(base)):
            raise UntoldError(f"'{printable(base, 200)}' is no https:// address of an API")
        self._headers = headers
        self._clock = clock
        self._environment = environment
        self._ca_file = ca_file
        self._pool: urllib3.PoolManager | None = None

    @property
    def host(self) -> str:
        """For messages."""
        return urlsplit(self._base).netloc.rpartition("@")[2]

    def close(self) -> None:
        """Let go of connections."""
        if self._pool is not None:
            self._pool.clear()

    def pages(self, path: str) -> Iterator[Answer]:
        """All pages of a list, as their ``Link`` headers follow each other.

        Raises:
            UntoldError: there are more than anybody would read.
        """
        url = path
        for _ in range(_MAX_PAGES):
            answer = self.call("GET", url)
            yield answer
            found = _NEXT.search(answer.headers.get("link", ""))
            if answer.status >= 300 or found is None:  # noqa: PLR2004 - a list only comes with success
                return
            url = found[1]
        raise UntoldError(f"{self.host}: {printable(path, 100)} has more than {_MAX_PAGES} pages")

    def call(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Answer:
        """Ask, again where that is worth it; whatever status comes of it is the caller's.

        Raises:
            UntoldError: no answer came, or not within the time that this is worth.
            LostAnswerError: the same, where the request may have done its work.
        """
        url, waited = self._url(path), 0.0
        for attempt in range(_TRIES):
            is_last = attempt == _TRIES - 1
            answer = self._followed(method, url, content)
            if answer is not None:
                asked = _asked_to_wait(answer, self._clock.now())
                if asked is None and answer.status not in _SERVER_ERRORS:
                    return answer
                if answer.status in _SERVER_ERRORS and method == "POST":
                    raise LostAnswerError(f"{self.host} answers with HTTP {answer.status}")
                wait = _FIRST_WAIT * 2**attempt * random.uniform(0.5, 1.5) if asked is None else asked  # noqa: S311
                if is_last or waited + wait > _WAIT_BUDGET:
                    return answer
            elif method == "POST":
                raise LostAnswerError(f"{self.host} does not answer", hint="are HTTPS_PROXY and NO_PROXY right?")
            else:
                wait = _FIRST_WAIT
                if attempt + 1 >= _TRIES_WITHOUT_ANSWER:
                    break
            waited += wait
            self._clock.sleep(wait)
        raise UntoldError(f"{self.host} does not answer", hint="are HTTPS_PROXY and NO_PROXY right?")

    def _url(self, path: str) -> str:
        url = path if "://" in path else f"{self._base}{path}"
        if _origin(url) != self._origin:
            raise UntoldError(f"{self.host} points to another host, which the token is not for")
        return url

    def _followed(self, method: str, url: str, content: Mapping[str, Any] | None) -> Answer | None:
        """The answer behind redirects, which repositories have that were renamed; never to another origin."""
        for _ in range(4):
            answer = self._once(method, url, content)
            is_kept = method == "GET" or answer is None or answer.status in {307, 308}
            if answer is None or answer.status not in _REDIRECTS or not is_kept:
                return answer
            url = self._url(urljoin(url, answer.headers.get("location", "")))
        raise UntoldError(f"{self.host} redirects without end")

    def _once(self, method: str, url: str, content: Mapping[str, Any] | None) -> Answer | None:
        import urllib3

        body = None if content is None else json.dumps(content).encode()
        headers = {"User-Agent": "gitless", **self._headers} | ({"Content-Type": "application/json"} if body else {})
        timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=_READ_TIMEOUT)
        try:
            response = self._connected().request(
                method, url, body=body, headers=headers, timeout=timeout, retries=False, redirect=False,
                preload_content=False,
            )  # fmt: skip
            try:
                content_read = response.read(_MAX_ANSWER + 1, decode_content=True)
            finally:
                response.close()
        except urllib3.exceptions.SSLError as error:
            raise UntoldError(f"{self.host}: TLS failed", hint="is its authority among the system's?") from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            # The error's own text may hold what was sent.
            return None
        if len(content_read) > _MAX_ANSWER:
            raise UntoldError(f"{self.host} answers with more than {_MAX_ANSWER} bytes")
        return Answer(response.status, {key.lower(): value for key, value in response.headers.items()},
                      _json(content_read))  # fmt: skip

    def _connected(self) -> urllib3.PoolManager:
        if self._pool is None:
            import urllib3

            more: dict[str, Any] = {"ssl_context": self._tls()} if self._base.startswith("https:") else {}
            proxy = proxy_of(self._base, self._environment)
            self._pool = urllib3.ProxyManager(proxy, **more) if proxy else urllib3.PoolManager(**more)
        return self._pool

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        places = ssl.get_default_verify_paths()
        if not any((places.cafile, places.capath)):
            # A system without any authorities, such as a bare container image.
            from requests.adapters import DEFAULT_CA_BUNDLE_PATH

            context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
        if self._ca_file:
            try:
                context.load_verify_locations(self._ca_file)
            except (OSError, ssl.SSLError):
                raise UntoldError(f"{self._ca_file} is no file of certificate authorities") from None
        return context


def _asked_to_wait(answer: Answer, now: float) -> float | None:
    """Seconds until a limit ends; ``None`` where no limit is met."""
    headers = answer.headers
    is_spent = headers.get("x-ratelimit-remaining") == "0"
    is_limit = answer.status == _TOO_MANY or (answer.status == _FORBIDDEN and (is_spent or "retry-after" in headers))
    if not is_limit:
        return None
    for name, since in (("retry-after", 0.0), ("x-ratelimit-reset", now), ("ratelimit-reset", now)):
        text = headers.get(name, "")
        if text.isascii() and text.isdigit():
            return max(0.0, float(text[:12]) - since)
    # GitHub: where nothing else is said, at least a minute, which is more than this is worth.
    return 60.0


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return None
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.password:
        return None
    return parts.scheme, parts.hostname, port


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
