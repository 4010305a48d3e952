"""Where a repository is reached: scheme, host and path, the proxy on the way, and what may be sent there."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.environment import proxy_of
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions

DOCKER_HUB = "docker.io"
_DOCKER_HUB_ALIASES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_DOCKER_HUB_API = "registry-1.docker.io"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A repository's place on the wire; ``host`` is how the user named the registry."""

    scheme: str
    authority: str
    path: str
    host: str

    @property
    def origin(self) -> str:
        """``scheme://host:port``, the only place that credentials are sent to."""
        return origin_of(f"{self.scheme}://{self.authority}/")


def endpoint_of(repository: Repository, options: RegistryOptions) -> Endpoint:
    """Decide on scheme and names.

    HTTPS, except where plain HTTP was asked for. Loopback hosts speak plain HTTP as well, unless a CA or a client
    certificate was given: whoever gives one expects TLS.
    """
    tls_expected = options.ca_file is not None or options.cert_file is not None or not options.verify_tls
    plain = options.plain_http or (is_loopback(repository.host) and not tls_expected)
    scheme = "http" if plain else "https"
    if is_docker_hub(repository.host):
        path = repository.path if "/" in repository.path else f"library/{repository.path}"
        return Endpoint(scheme, _DOCKER_HUB_API, path, repository.host)
    return Endpoint(scheme, repository.host, repository.path, repository.host)


def is_docker_hub(host: str) -> bool:
    """Whether the host is one of Docker Hub's many names."""
    return host in _DOCKER_HUB_ALIASES


def is_loopback(authority: str) -> bool:
    """Whether ``host[:port]`` is this machine: ``localhost``, 127.0.0.0/8 or ::1."""
    host = urlsplit(f"//{authority}").hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """``scheme://host:port`` of a URL, the port always spelled out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)}"


def without_query(url: str) -> str:
    """The URL as it may be shown: queries carry upload states and pre-signed access, user information passwords."""
    parts = urlsplit(url)
    authority = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{authority}{parts.path}"


def proxies_for(url: str, environment: Mapping[str, str], proxy: str | None = None) -> dict[str, str]:
    """The one given, or that for a URL by the environment; then never for loopback."""
    parts = urlsplit(url)
    if proxy is None:
        proxy = "" if is_loopback(parts.netloc) else proxy_of(url, environment)
    return {parts.scheme: proxy} if proxy else {}
