"""Who we are to a registry: options first, then the files and helpers that docker and podman keep logins in.

Formats: docker's ``config.json`` (``auths``, ``credHelpers``, ``credsStore``) and containers-auth.json(5), whose
``auths`` may be as specific as a repository. Nothing is read, and no helper is started, before a registry asks.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.credentials import Credentials
from pipeline.ports import FindLogin
from pipeline.registries.oci import credential_helpers
from pipeline.registries.oci.endpoints import DOCKER_HUB, is_docker_hub

DOCKER_HUB_KEY = "https://index.docker.io/v1/"


def find_credentials(
    repository: Repository,
    options: RegistryOptions,
    environment: Mapping[str, str],
    identify: FindLogin | None = None,
    refused: Credentials | None = None,
) -> Credentials | None:
    """The login for a repository, or ``None``.

    Options come first, then the identity of CI or cloud by ``identify``, then files. ``refused`` is what the registry
    refused a moment ago: only an identity has anything else to say.

    Raises:
        ConfigurationError: a login file cannot be read.
        IdentityError: the provider that was asked for by name knows nobody here.
        RegistryError: a credential helper is missing, failed or hangs; or a provider refuses.
    """
    if options.username and options.password:
        return Credentials(options.username, options.password)
    if options.identity_token or options.access_token:
        return Credentials(identity_token=options.identity_token or "", access_token=options.access_token or "")
    if identify is not None and (identified := identify(refused)) is not None:
        return identified
    for file in login_files(environment):
        configuration = read_logins(file)
        if configuration is not None:
            found = _from_configuration(file, configuration, repository, environment, options.timeout)
            if found is not None:
                return found
    return None


def credentials_in(configuration: Mapping[str, Any], repository: Repository, origin: str) -> Credentials | None:
    """The login for a repository in docker's configuration as an image pull secret holds it.

    Only ``auths`` count, which may have ``*`` in their hosts as Kubernetes has them; helpers are never started for
    somebody else's configuration. ``origin`` names it in messages.

    Raises:
        ConfigurationError: it is malformed.
    """
    entries = {normal_key(key): entry for key, entry in table_in(origin, configuration, "auths").items()}
    keys = _keys_by_precision(repository)
    patterns = sorted((key for key in entries if "*" in key), key=len, reverse=True)
    for key in (*keys, *(pattern for pattern in patterns if _covers(pattern, keys))):
        entry = entries.get(key)
        if isinstance(entry, dict) and (found := _from_entry(origin, key, entry)) is not None:
            return found
    return None


def _covers(pattern: str, keys: tuple[str, ...]) -> bool:
    """Whether a key with ``*``, each of which stands for a part of one label of the host, means one of the keys."""
    expression = re.compile("[^./]*".join(re.escape(part) for part in pattern.split("*")))
    return any(expression.fullmatch(key) for key in keys)


def login_files(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where logins are looked for, in this order: podman's variable alone, or docker's file and then podman's."""
    if environment.get("REGISTRY_AUTH_FILE"):
        return (Path(environment["REGISTRY_AUTH_FILE"]),)
    if environment.get("DOCKER_CONFIG"):
        docker = Path(environment["DOCKER_CONFIG"]) / "config.json"
    elif environment.get("HOME"):
        docker = Path(environment["HOME"]) / ".docker" / "config.json"
    else:
        return ()
    runtime = environment.get("XDG_RUNTIME_DIR")
    podman = (Path(runtime) / "containers" / "auth.json",) if runtime else ()
    return (docker, *podman)


def read_logins(file: Path) -> Mapping[str, Any] | None:
    """The document in a login file; ``None`` where there is no such file.

    Raises:
        ConfigurationError: it cannot be read, or is something else.
    """
    try:
        document = json.loads(file.read_bytes() or b"{}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot read the registry logins: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        # The decoder's own message would quote what surrounds the mistake.
        raise ConfigurationError(
            f"{file}: not valid JSON", hint="mend or remove the file, then log in again"
        ) from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{file}: expected a JSON object with 'auths'")
    return document


def _from_configuration(
    file: Path,
    configuration: Mapping[str, Any],
    repository: Repository,
    environment: Mapping[str, str],
    timeout: float,
) -> Credentials | None:
    helper = helper_for(file, configuration, repository.host)
    if helper is not None:
        found = credential_helpers.get(helper, server_of(repository.host), environment, timeout)
        if found is not None:
            return found
    entries = {normal_key(key): entry for key, entry in table_in(file, configuration, "auths").items()}
    for key in _keys_by_precision(repository):
        entry = entries.get(key)
        if isinstance(entry, dict) and (found := _from_entry(file, key, entry)) is not None:
            return found
    return None


def helper_for(file: Path | str, configuration: Mapping[str, Any], host: str) -> str | None:
    """The credential helper that keeps a host's login by docker's configuration."""
    helpers = table_in(file, configuration, "credHelpers")
    keys = _hub_keys() if is_docker_hub(host) else (host,)
    helper = next((helpers[key] for key in keys if helpers.get(key)), None) or configuration.get("credsStore")
    return str(helper) if helper else None


def server_of(host: str) -> str:
    """What docker calls a host in its configuration and to its helpers."""
    return DOCKER_HUB_KEY if is_docker_hub(host) else host


def table_in(file: Path | str, configuration: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One of a login file's objects; empty where it has none.

    Raises:
        ConfigurationError: it is no object.
    """
    table = configuration.get(name)
    table = {} if table is None else table
    if not isinstance(table, dict):
        raise ConfigurationError(f"{file}: expected '{name}' to be an object")
    return table


def _hub_keys() -> tuple[str, ...]:
    return (DOCKER_HUB_KEY, DOCKER_HUB, "index.docker.io", "registry-1.docker.io")


def normal_key(key: str) -> str:
    """Keys may be URLs, of old: ``https://host/v1/`` means ``host``."""
    bare = key.removeprefix("https://").removeprefix("http://")
    host, _, path = bare.partition("/")
    path = "" if path.strip("/") in {"v1", "v2"} else path.strip("/")
    host = DOCKER_HUB if is_docker_hub(host) else host
    return f"{host}/{path}" if path else host


def _keys_by_precision(repository: Repository) -> tuple[str, ...]:
    host = DOCKER_HUB if is_docker_hub(repository.host) else repository.host
    parts = repository.path.split("/")
    return (*(f"{host}/{'/'.join(parts[:length])}" for length in range(len(parts), 0, -1)), host)


def _from_entry(file: Path | str, key: str, entry: Mapping[str, Any]) -> Credentials | None:
    username, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if entry.get("auth"):
        try:
            decoded = base64.b64decode(str(entry["auth"]), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        username, colon, password = decoded.partition(":")
        if not colon:
            raise ConfigurationError(f"{file}: 'auth' of '{key}' is not base64 of USER:PASSWORD", hint="log in again")
        password = password.rstrip("\0")
    if entry.get("identitytoken") or username == credential_helpers.IDENTITY_USER:
        return Credentials(identity_token=str(entry.get("identitytoken") or password))
    if entry.get("registrytoken"):
        return Credentials(access_token=str(entry["registrytoken"]))
    return Credentials(username, password) if username else None
