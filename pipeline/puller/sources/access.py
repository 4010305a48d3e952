"""How a source's registry is reached: the login, the certificates and the proxy that its Secrets hold."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import Repository
from pipeline.model.flux.oci_repository import OCIRepositorySpec
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.providers import is_registry_of
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.failing import AUTHENTICATION_FAILED, INVALID_PROVIDER, Again, SourceError
from pipeline.puller.sources.secrets import SecretError, pull_secrets, read_secret

_DOCKER_CONFIG, _DOCKER_CFG = ".dockerconfigjson", ".dockercfg"
_PROXY_VARIABLES = frozenset({"http_proxy", "https_proxy", "no_proxy"})
_PROXY_SCHEMES = ("http", "https", "socks5")
_LONGEST_PROXY = 2048

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Access:
    """What to connect with; ``has_secrets`` tells whether a login was given at all, for this host or another."""

    options: RegistryOptions
    environment: Mapping[str, str]
    has_secrets: bool


def access_to(repository: Repository, spec: OCIRepositorySpec, namespace: str, deps: SourceDependencies) -> Access:
    """Read what the source names; nothing is kept, so that what was rotated counts at once.

    Raises:
        SourceError: something is missing or makes no sense.
    """
    options = RegistryOptions(
        timeout=spec.timeout,
        verify_tls=not spec.insecure or bool(spec.cert_secret),
        allow_plain_http=spec.insecure or _may_be_plain(repository.host),
        patient=False,
    )
    names = _told("failed to get credential", lambda: _login_secrets(spec, namespace, deps))
    options = _told("failed to get credential", lambda: _with_login(options, repository, names, namespace, deps))
    if not names:
        # A source that has a login of its own is nobody else to any registry.
        _check_vouching(repository.host, spec)
        options = replace(options, provider=spec.provider)
    if spec.proxy_secret:
        proxy = _told("failed to get proxy address", lambda: _proxy(spec.proxy_secret, namespace, deps))
        options = replace(options, proxy=proxy)
    if spec.cert_secret:
        what = f"failed to generate transport for '{spec.url}'"
        options = _told(what, lambda: _with_certificates(options, spec.cert_secret, namespace, deps))
    variables = {name: value for name, value in deps.environment.items() if name.lower() in _PROXY_VARIABLES}
    return Access(options, variables, bool(names))


def _check_vouching(host: str, spec: OCIRepositorySpec) -> None:
    """Refuse to send this process's own identity to a registry that proves itself only by what the source says."""
    if is_registry_of(spec.provider, host) and (spec.insecure or spec.cert_secret):
        raise SourceError(
            f"spec.provider '{spec.provider}' logs in where the registry's certificate is one that everybody trusts; "
            "leave spec.insecure and spec.certSecretRef away, or give a login in spec.secretRef",
            reason=INVALID_PROVIDER,
            again=Again.WHEN_CHANGED,
        )


def login_for(repository: Repository, secret: str, deps: SourceDependencies) -> RegistryOptions:
    """How the process itself reaches a repository, with the login of a Secret in its own namespace, if one is named.

    Raises:
        SecretError: it is missing or makes no sense.
        ClusterError: it cannot be read.
    """
    options = RegistryOptions(allow_plain_http=_may_be_plain(repository.host), patient=False)
    return _with_login(options, repository, (secret,) if secret else (), deps.options.namespace, deps)


def _told(what: str, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except PipelineError as error:
        raise SourceError(f"{what}: {error.message}", reason=AUTHENTICATION_FAILED) from error


def _login_secrets(spec: OCIRepositorySpec, namespace: str, deps: SourceDependencies) -> tuple[str, ...]:
    own = (spec.secret,) if spec.secret else ()
    return own + (pull_secrets(deps.api, namespace, spec.service_account) if spec.service_account else ())


def _with_login(
    options: RegistryOptions, repository: Repository, names: tuple[str, ...], namespace: str, deps: SourceDependencies
) -> RegistryOptions:
    from pipeline.registries.oci.credentials import credentials_in

    for name in names:
        origin = f"secret '{namespace}/{name}'"
        configuration = _docker_configuration(read_secret(deps.api, namespace, name), origin)
        found = credentials_in(configuration, repository, origin)
        if found is not None:
            return replace(
                options,
                username=found.username or None,
                password=found.password or None,
                identity_token=found.identity_token or None,
                access_token=found.access_token or None,
            )
    return options


def _docker_configuration(data: Mapping[str, bytes], origin: str) -> Mapping[str, Any]:
    key = _DOCKER_CONFIG if _DOCKER_CONFIG in data else _DOCKER_CFG
    if key not in data:
        raise SecretError(f"{origin} has no '{_DOCKER_CONFIG}'; expected the type kubernetes.io/dockerconfigjson")
    try:
        document = json.loads(data[key])
    except (ValueError, RecursionError):
        raise SecretError(f"{origin}: '{key}' is not JSON") from None
    if not isinstance(document, dict):
        raise SecretError(f"{origin}: '{key}' is not a JSON object")
    return document if key == _DOCKER_CONFIG else {"auths": document}


def _proxy(name: str, namespace: str, deps: SourceDependencies) -> str:
    data = read_secret(deps.api, namespace, name)
    where = f"secret '{namespace}/{name}'"
    address = data.get("address", b"").decode("utf-8", "replace").strip()
    if not address:
        raise SecretError(f"{where}: key 'address' not found")
    parts = urlsplit(address) if len(address) <= _LONGEST_PROXY else None
    if parts is None or parts.scheme not in _PROXY_SCHEMES or not parts.hostname:
        raise SecretError(f"{where}: 'address' is not the URL of a proxy; expected {', '.join(_PROXY_SCHEMES)}")
    # As in Go, the proxy finds out where a host is: only it may know.
    parts = parts._replace(scheme="socks5h") if parts.scheme == "socks5" else parts
    user, password = (data.get(key, b"").decode("utf-8", "replace") for key in ("username", "password"))
    if not user:
        return parts.geturl()
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}").geturl()


def _with_certificates(
    options: RegistryOptions, name: str, namespace: str, deps: SourceDependencies
) -> RegistryOptions:
    data = read_secret(deps.api, namespace, name)
    where = f"secret '{namespace}/{name}'"
    # The second names are those of Flux before 2.0, which it still reads.
    authority, certificate, key = (
        data.get(new) or data.get(old) or b""
        for new, old in (("ca.crt", "caFile"), ("tls.crt", "certFile"), ("tls.key", "keyFile"))
    )
    if not authority and not certificate and not key:
        raise SecretError(f"{where} has neither 'ca.crt' nor 'tls.crt' with 'tls.key'")
    if bool(certificate) != bool(key):
        found, missing = ("tls.crt", "tls.key") if certificate else ("tls.key", "tls.crt")
        raise SecretError(f"{where} has '{found}' but no '{missing}'")
    return replace(
        options,
        ca_file=deps.files.path_of(authority) if authority else None,
        cert_file=deps.files.path_of(certificate) if certificate else None,
        key_file=deps.files.path_of(key) if key else None,
    )


def _may_be_plain(host: str) -> bool:
    """Where Flux's client does without TLS unasked if there is none: private IPv4 addresses and ``*.local``."""
    name = urlsplit(f"//{host}").hostname or ""
    if name.endswith(".local"):
        return True
    try:
        address = ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE)


_PRIVATE = tuple(ipaddress.IPv4Network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
