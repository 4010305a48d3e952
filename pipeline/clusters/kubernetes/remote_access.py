"""Access by a kubeconfig that somebody else wrote, such as a tenant's Secret: everything it needs has to be in it.

The ``kubernetes`` package would run the programs and read the files that it names, and leaves what it unpacks on disk.
"""

from __future__ import annotations

import base64
import binascii
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3
import yaml

from pipeline.clusters.kubernetes.chosen_context import complaint
from pipeline.environment import proxy_of
from pipeline.errors import ClusterError
from pipeline.ports import Environment

_CONNECTIONS = 16
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_IMPERSONATION = {"as": "Impersonate-User", "as-uid": "Impersonate-Uid"}
_REFUSED: Mapping[str, str] = {
    "exec": "runs a program",
    "auth-provider": "uses an authentication plug-in",
    "tokenFile": "reads a file",
    "client-certificate": "reads a file",
    "client-key": "reads a file",
    "certificate-authority": "reads a file",
    "as-groups": "impersonates groups, which is not supported",
    "as-user-extra": "impersonates extra fields, which is not supported",
}
"""Fields of a cluster or a user, and what is wrong with each."""


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """How to reach one API server and who we are there, for good: nothing is read again.

    ``insecure-skip-tls-verify`` is ignored, as Flux ignores it: certificates are always verified.
    """

    context: str
    namespace: str
    server: str
    pool: Any = field(repr=False)
    credentials: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_text(cls, kubeconfig: bytes, subject: str, environment: Environment) -> RemoteAccess:
        """Of the current context; ``subject`` says in messages where the kubeconfig is from.

        Where it names no proxy, that of the environment is used (``HTTPS_PROXY``, ``NO_PROXY``).

        Raises:
            ClusterError: it is none, or needs anything that is not in it.
        """
        document = _document(kubeconfig, subject)
        name = document.get("current-context")
        if not isinstance(name, str) or not name:
            raise _unusable(subject, "it has no current-context")
        context = _named(document, "contexts", name)
        if context is None:
            raise _unusable(subject, f"it has no context '{name}'")
        place = _content(context, "context")
        cluster_entry = _named(document, "clusters", place.get("cluster"))
        user_entry = _named(document, "users", place.get("user"))
        wrong = complaint(place, cluster_entry, user_entry)
        if wrong is not None:
            raise _unusable(subject, wrong)
        cluster, user = _content(cluster_entry, "cluster"), _content(user_entry, "user")
        for fields in (cluster, user):
            for key in fields:
                if key in _REFUSED and fields[key]:
                    raise _unusable(subject, f"its '{key}' {_REFUSED[key]}")
        return cls(
            name,
            place.get("namespace") or "default",
            cluster["server"].rstrip("/"),
            _pool(cluster, user, subject, environment),
            _credentials(user, subject),
        )

    def headers(self) -> Mapping[str, str]:
        """What authenticates a request."""
        return self.credentials

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Never: whoever has a newer kubeconfig connects anew."""
        del refused
        return False


def _document(kubeconfig: bytes, subject: str) -> Mapping[str, Any]:
    try:
        document = yaml.load(kubeconfig, Loader=_LOADER)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        # What the parser says may quote a token.
        raise _unusable(subject, "it is not valid YAML") from None
    if not isinstance(document, Mapping):
        raise _unusable(subject, "expected a mapping with contexts, clusters and users")
    return document


def _named(document: Mapping[str, Any], section: str, name: object) -> Mapping[str, Any] | None:
    entries = document.get(section)
    found: Iterable[object] = entries if isinstance(entries, list) else ()
    return next((entry for entry in found if isinstance(entry, Mapping) and entry.get("name") == name), None)


def _content(entry: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    content = (entry or {}).get(key)
    return content if isinstance(content, Mapping) else {}


def _pool(
    cluster: Mapping[str, Any], user: Mapping[str, Any], subject: str, environment: Environment
) -> urllib3.PoolManager:
    authority = _unpacked(cluster, "certificate-authority-data", subject)
    certificate = _unpacked(user, "client-certificate-data", subject)
    key = _unpacked(user, "client-key-data", subject)
    if bool(certificate) != bool(key):
        raise _unusable(subject, "client-certificate-data and client-key-data go together, and one is missing")
    options: dict[str, Any] = {"maxsize": _CONNECTIONS, "retries": False}
    try:
        options["ssl_context"] = _tls(authority, certificate, key)
    except (ssl.SSLError, OSError, ValueError):
        raise _unusable(subject, "its certificates or its key cannot be read (expected unencrypted PEM)") from None
    name = _text(cluster, "tls-server-name", subject)
    if name:
        options |= {"server_hostname": name, "assert_hostname": name}
    proxy = _text(cluster, "proxy-url", subject)
    try:
        proxy = proxy or proxy_of(cluster["server"], environment)
        return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    except (urllib3.exceptions.HTTPError, ValueError):
        raise _unusable(
            subject, "its proxy-url is no address; expected http://HOST:PORT or https://HOST:PORT"
        ) from None


def _tls(authority: bytes, certificate: bytes, key: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.decode("ascii") if authority else None)
    if certificate:
        # The ssl module takes a key from a file alone; this one is readable by us only, and gone at once.
        with tempfile.NamedTemporaryFile(prefix="gitless-") as file:
            file.write(certificate + b"\n" + key)
            file.flush()
            # Without a password it would ask for one on the terminal.
            context.load_cert_chain(file.name, password="")
    return context


def _credentials(user: Mapping[str, Any], subject: str) -> Mapping[str, str]:
    headers = {}
    token, name = _text(user, "token", subject).strip(), _text(user, "username", subject)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif name:
        pair = f"{name}:{_text(user, 'password', subject)}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    headers |= {header: _text(user, key, subject) for key, header in _IMPERSONATION.items() if user.get(key)}
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise _unusable(subject, "its credentials have characters that none have")
    return headers


def _text(entry: Mapping[str, Any], key: str, subject: str) -> str:
    value = entry.get(key) or ""
    if not isinstance(value, str):
        raise _unusable(subject, f"its '{key}' is no text")
    return value


def _unpacked(entry: Mapping[str, Any], key: str, subject: str) -> bytes:
    try:
        return base64.b64decode("".join(_text(entry, key, subject).split()), validate=True)
    except (binascii.Error, ValueError):
        raise _unusable(subject, f"its '{key}' is not base64") from None


def _unusable(subject: str, why: str) -> ClusterError:
    return ClusterError(
        f"kubeconfig of {subject} cannot be used: {why}",
        hint="it has to hold everything itself: server, certificate-authority-data, and token or client-*-data",
        code="cluster.configuration",
    )
