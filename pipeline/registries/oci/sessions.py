"""HTTP sessions and their connections, shared by all repositories that are reached in the same way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import TYPE_CHECKING

from pipeline import __version__
from pipeline.model.settings.connections import RegistryOptions
from pipeline.registries.oci.calls import SAFE, SizedBody
from pipeline.registries.oci.connections import TlsAdapter, TlsFiles
from pipeline.registries.oci.endpoints import Endpoint
from pipeline.registries.oci.resting import Resting

if TYPE_CHECKING:
    import requests

Observe = Callable[[str, int, float], None]
"""Told of every exchange: the method, the status (0: there was no answer), and the seconds it took."""

_Key = tuple[str, str, TlsFiles, str | None]


def _look_away(_method: str, _status: int, _seconds: float) -> None:
    """Nobody wants to know."""


class Sessions:
    """At most ``limit`` sessions, of which the least recently used is closed first. Safe in many threads.

    Shared are connections and what TLS needs, never a login: that is put into each request. Cookies are not kept.
    """

    def __init__(self, limit: int = 64, observe: Observe | None = None, resting: Resting | None = None) -> None:
        self._observe = observe or _look_away
        self.resting = resting or Resting()
        self._limit = limit
        self._lock = Lock()
        self._sessions: OrderedDict[_Key, requests.Session] = OrderedDict()

    def tell(self, place: tuple[str, str | None], method: str, status: int, seconds: float) -> None:
        """What came of an exchange with an origin through a proxy; ``status`` is 0 where there was no answer."""
        self._observe(method, status, seconds)
        if status:
            self.resting.answered(place)
        else:
            self.resting.lost(place, seconds)

    def of(self, endpoint: Endpoint, options: RegistryOptions) -> requests.Session:
        """The session for one registry, by its place, the TLS files and the proxy."""
        tls = TlsFiles(options.ca_file, options.cert_file, options.key_file, options.verify_tls)
        key = (endpoint.scheme, endpoint.authority, tls, options.proxy)
        closed = None
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                session = self._sessions[key] = _session(endpoint, tls)
                if len(self._sessions) > self._limit:
                    # Whoever still uses it goes on: its connections are only no longer kept.
                    _, closed = self._sessions.popitem(last=False)
            else:
                self._sessions.move_to_end(key)
        if closed is not None:
            closed.close()
        return session


def _session(endpoint: Endpoint, tls: TlsFiles) -> requests.Session:
    import requests
    import urllib3

    if not tls.verify:
        # Who asked for it by name needs no warning with every request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session = requests.Session()
    session.headers["User-Agent"] = f"gitless/{__version__}"
    # Compressed on the way, content would not have the digest that it is stored under.
    session.headers["Accept-Encoding"] = "identity"
    # Otherwise requests would overrule our Authorization by ~/.netrc and our CA by variables.
    session.trust_env = False
    # Harbor takes who sends its cookies for a browser; and one login's cookie must not travel with another's request.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # The client certificate is for the registry alone, not for the places it redirects to.
    session.mount("https://", TlsAdapter(TlsFiles(ca_file=tls.ca_file, verify=tls.verify)))
    session.mount(f"{endpoint.scheme}://{endpoint.authority}/", TlsAdapter(tls))
    return session


def send_with(
    session: requests.Session,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: SizedBody | bytes | None,
    timeout: tuple[float, float],
    proxies: dict[str, str],
) -> requests.Response:
    """One exchange; the answer's body is not read, and no redirect is followed.

    What has no body is handed to the session's connections as it is: what requests would do to it first (URLs, cookies,
    variables) takes as long as the rest of the exchange, and none of it applies.
    """
    import requests
    from requests.structures import CaseInsensitiveDict

    if body is not None or method not in SAFE or not url.isascii():
        return session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            stream=True,
            allow_redirects=False,
            timeout=timeout,
            proxies=proxies,
        )
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.hooks = method, url, {"response": []}
    prepared.headers = CaseInsensitiveDict({name: str(value) for name, value in session.headers.items()})
    prepared.headers.update(headers)
    return session.get_adapter(url).send(prepared, stream=True, timeout=timeout, proxies=proxies)
