"""One HTTP exchange with a provider: encrypted, bounded in time and size, never redirected."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline.environment import proxy_of
from pipeline.errors import IdentityError, RegistryError
from pipeline.ports import Environment

TIMEOUT = 20.0
_MAX_ANSWER = 256 * 1024
_METADATA = frozenset({"metadata.google.internal", "169.254.169.254"})
"""A cloud's machines reach these over a link of their own, and never with TLS."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False)


def exchange(  # noqa: PLR0913 - a request has as many parts
    url: str,
    *,
    environment: Environment,
    who: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    ca_file: str | None = None,
    timeout: float = TIMEOUT,
    tries: int = 3,
) -> Answer:
    """Ask once, and again where it was busy; ``who`` is the one asked, for messages; ``timeout`` in seconds.

    Raises:
        IdentityError: the address would have secrets travel in the clear.
        RegistryError: there is no answer.
    """
    import urllib3

    check_address(url, environment, who)
    proxy = "" if is_loopback(urlsplit(url).hostname or "") else proxy_of(url, environment)
    retries = urllib3.Retry(
        total=tries - 1,
        redirect=0,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=None,
        backoff_factor=0.3,
        raise_on_status=False,
    )
    try:
        with urllib3.ProxyManager(proxy, ca_certs=ca_file) if proxy else urllib3.PoolManager(ca_certs=ca_file) as pool:
            answer = pool.request(
                method,
                url,
                headers=dict(headers or {}),
                body=body,
                timeout=timeout,
                retries=retries,
                redirect=False,
                preload_content=False,
            )
            data = answer.read(_MAX_ANSWER)
            answer.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise _unanswered(who, url, error) from None
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, data)


def check_address(url: str, environment: Environment, who: str) -> None:
    """Refuse an address without TLS, except on loopback and for the machine's own metadata server.

    Raises:
        IdentityError: it has none, or is no address.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    own = urlsplit(f"//{environment.get('GCE_METADATA_HOST', '')}").hostname
    if parts.scheme == "http" and (is_loopback(host) or host in _METADATA or host == own):
        return
    if parts.scheme != "https" or not host:
        raise IdentityError(
            f"{who}: the address {parts.scheme}://{host} is not encrypted", hint="only loopback may be plain HTTP"
        )


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unanswered(who: str, url: str, error: Exception) -> RegistryError:
    # What the library says may repeat the request; its kind says enough.
    cause: BaseException | None = getattr(error, "reason", None) or error
    if isinstance(cause, ssl.SSLError) or type(cause).__name__ == "SSLError":
        why, hint = "its certificate is not trusted", "name the authority's file: --ca-file, or SSL_CERT_FILE"
    else:
        why, hint = f"no answer ({type(cause).__name__})", "look at the network, and at HTTPS_PROXY"
    return RegistryError(f"{who} at {urlsplit(url).hostname}: {why}", hint=hint, code="registry.unreachable")
