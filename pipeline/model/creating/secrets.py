"""The Secrets that sources refer to, in the shapes in which Flux reads them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import PurePath

from pipeline.errors import TrustError, UsageError
from pipeline.model.artifact.reference import REGISTRY_SCHEME, parse_reference
from pipeline.model.creating.names import Named
from pipeline.model.manifests import Body
from pipeline.model.trust.notation import POLICY_KEY, read_notation_trust

DOCKER_CONFIG_TYPE = "kubernetes.io/dockerconfigjson"
_OPAQUE = "Opaque"
_PROXY_SCHEMES = ("http://", "https://", "socks5://", "socks5h://")


def registry_login(named: Named, url: str, username: str, password: str) -> Body:
    """A login for the registry of that address, as an image pull Secret.

    Raises:
        UsageError: the address, user or password is missing or makes no sense.
    """
    if not username or ":" in username:
        raise UsageError(f"--username '{username}': expected a name without ':'")
    if not password:
        raise UsageError("the password is empty")
    login = base64.b64encode(f"{username}:{password}".encode()).decode()
    entry = {"username": username, "password": password, "auth": login}
    config = json.dumps({"auths": {_registry(url): entry}}, separators=(",", ":"))
    return _secret(named, DOCKER_CONFIG_TYPE, {".dockerconfigjson": config.encode()})


def certificates(named: Named, *, certificate: bytes, key: bytes, authority: bytes) -> Body:
    """A client certificate with its key, a certificate authority, or both.

    Raises:
        UsageError: there is nothing, only half of a pair, or something that is no PEM.
    """
    if bool(certificate) != bool(key):
        raise UsageError("--tls-crt-file and --tls-key-file go together")
    files = {"tls.crt": certificate, "tls.key": key, "ca.crt": authority}
    data = {name: content for name, content in files.items() if content}
    if not data:
        raise UsageError("there is nothing to keep", hint="give --ca-crt-file, or --tls-crt-file with --tls-key-file")
    for name, content in data.items():
        if b"-----BEGIN " not in content:
            raise UsageError(f"what is given for {name} is not PEM; expected it to have a line -----BEGIN …-----")
    return _secret(named, "kubernetes.io/tls" if certificate else _OPAQUE, data)


def proxy(named: Named, address: str, username: str, password: str) -> Body:
    """The address of a proxy, and a login for it.

    Raises:
        UsageError: the address is none, or holds a password.
    """
    if not address.startswith(_PROXY_SCHEMES) or not address.partition("://")[2]:
        raise UsageError(f"--address '{_without_login(address)}': expected http://HOST:PORT or https://HOST:PORT")
    if "@" in address:
        raise UsageError(
            f"--address {_without_login(address)} holds a login, which everybody on this machine can see",
            hint="give --username and --password-stdin",
        )
    texts = {"address": address, "username": username, "password": password}
    return _secret(named, _OPAQUE, {key: text.encode() for key, text in texts.items() if text})


def public_keys(named: Named, files: Mapping[str, bytes]) -> Body:
    """Public keys of signers; each is kept under its file's name, ending in ``.pub``.

    Raises:
        UsageError: two files have the same name.
    """
    data: dict[str, bytes] = {}
    for file, content in files.items():
        name = PurePath(file).name
        name = name if name.endswith(".pub") else f"{name}.pub"
        if name in data:
            raise UsageError(f"two keys are named {name}", hint="rename one of the files")
        data[name] = content
    return _secret(named, _OPAQUE, data)


def notation_trust(named: Named, policy: bytes, authorities: Mapping[str, bytes]) -> Body:
    """A trust policy of Notation's, and the certificates for its trust stores, each under its file's name.

    Raises:
        UsageError: the policy is none, or a file is no certificate or not named ``*.crt`` or ``*.pem``.
    """
    data = {POLICY_KEY: policy}
    for file, content in authorities.items():
        name = PurePath(file).name
        if not name.endswith((".crt", ".pem")):
            raise UsageError(f"--ca-cert-file {file}: expected a name that ends with .crt or .pem, as Flux does")
        if name in data:
            raise UsageError(f"two certificates are named {name}", hint="rename one of the files")
        if b"PRIVATE KEY-----" in content:
            raise UsageError(f"--ca-cert-file {file} holds a private key", hint="give the certificate alone")
        data[name] = content
    try:
        read_notation_trust(data, f"secret '{named.namespace}/{named.name}'")
    except TrustError as error:
        raise UsageError(error.message) from None
    return _secret(named, _OPAQUE, data)


def _secret(named: Named, secret_type: str, data: Mapping[str, bytes]) -> Body:
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": named.metadata(), "type": secret_type, "data": encoded}


def _registry(url: str) -> str:
    """The registry's host: what logins are looked up by, also where a repository was named."""
    host = url.removeprefix(REGISTRY_SCHEME).rstrip("/")
    if "/" in host:
        host = parse_reference(REGISTRY_SCHEME + host).repository.host
    if not host or "@" in host or " " in host:
        raise UsageError(f"--url '{_without_login(url)}': expected a registry, such as ghcr.io")
    return "https://index.docker.io/v1/" if host == "docker.io" else host


def _without_login(url: str) -> str:
    scheme, separator, rest = url.rpartition("://")
    return scheme + separator + rest.rpartition("@")[2]
