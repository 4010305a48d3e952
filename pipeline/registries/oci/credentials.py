"""Who we are to a registry: options first, then the files and helpers that docker and podman keep logins in.

Formats: docker's ``config.json`` (``auths``, ``credHelpers``, ``credsStore``) and containers-auth.json(5), whose
``auths`` may be as specific as a repository. Nothing is read, and no helper is started, before a registry asks.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from pipeline.errors import ConfigurationError, RegistryError
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.registries.oci.endpoints import DOCKER_HUB, is_docker_hub

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_IDENTITY_USER = "<token>"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or an identity token to trade for access tokens, or an access token itself."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of a Basic ``Authorization`` header."""
        encoded = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return f"Basic {encoded}"


def find_credentials(
    repository: Repository, options: RegistryOptions, environment: Mapping[str, str]
) -> Credentials | None:
    """The login for a repository, or ``None``.

    Raises:
        ConfigurationError: a login file cannot be read.
        RegistryError: a credential helper is missing, failed or hangs.
    """
    if options.username and options.password:
        return Credentials(options.username, options.password)
    if options.identity_token or options.access_token:
        return Credentials(identity_token=options.identity_token or "", access_token=options.access_token or "")
    for file in _login_files(environment):
        configuration = _read(file)
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
    entries = {_normal_key(key): entry for key, entry in _table(origin, configuration, "auths").items()}
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


def _login_files(environment: Mapping[str, str]) -> tuple[Path, ...]:
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


def _read(file: Path) -> Mapping[str, Any] | None:
    try:
        document = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot read the registry logins: {error.strerror}") from error
    except ValueError as error:
        # The decoder's own message would quote what surrounds the mistake.
        raise ConfigurationError(f"{file}: not valid JSON", hint="log in again, or remove the file") from error
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
    helpers = _table(file, configuration, "credHelpers")
    keys = _hub_keys() if is_docker_hub(repository.host) else (repository.host,)
    helper = next((helpers[key] for key in keys if helpers.get(key)), None) or configuration.get("credsStore")
    if helper:
        found = _ask_helper(str(helper), keys[0], environment, timeout)
        if found is not None:
            return found
    entries = {_normal_key(key): entry for key, entry in _table(file, configuration, "auths").items()}
    for key in _keys_by_precision(repository):
        entry = entries.get(key)
        if isinstance(entry, dict) and (found := _from_entry(file, key, entry)) is not None:
            return found
    return None


def _table(file: Path | str, configuration: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = configuration.get(name) or {}
    if not isinstance(table, dict):
        raise ConfigurationError(f"{file}: expected '{name}' to be an object")
    return table


def _hub_keys() -> tuple[str, ...]:
    return (_DOCKER_HUB_KEY, DOCKER_HUB, "index.docker.io", "registry-1.docker.io")


def _normal_key(key: str) -> str:
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
    if entry.get("identitytoken") or username == _IDENTITY_USER:
        return Credentials(identity_token=str(entry.get("identitytoken") or password))
    if entry.get("registrytoken"):
        return Credentials(access_token=str(entry["registrytoken"]))
    return Credentials(username, password) if username else None


def _ask_helper(helper: str, server: str, environment: Mapping[str, str], timeout: float) -> Credentials | None:
    """Ask ``docker-credential-HELPER`` through the docker SDK, which has neither a time limit nor discreet errors."""
    program = f"docker-credential-{helper}"
    if shutil.which(program) is None:
        raise RegistryError(
            f"the credential helper {program}, which the docker configuration names for {server}, is not on PATH",
            hint="install it, or remove it from 'credHelpers' or 'credsStore' in the docker configuration",
            code="registry.credential-helper",
        )
    answers: list[Mapping[str, Any] | Exception | None] = []
    asking = Thread(target=_run_helper, args=(helper, server, environment, answers), daemon=True)
    asking.start()
    asking.join(timeout)
    answer = answers[0] if answers else TimeoutError(f"it did not answer within {timeout:g} s")
    if answer is None:
        return None
    if isinstance(answer, Exception):
        # The SDK's text holds whatever the helper printed, which may be a secret: only our own words are shown.
        why = str(answer) if isinstance(answer, TimeoutError) else "it failed"
        raise RegistryError(
            f"the credential helper {program} gave no login for {server}: {why}",
            hint=f"try it: echo {server} | {program} get",
            code="registry.credential-helper",
        ) from None
    username, secret = str(answer.get("Username") or ""), str(answer.get("Secret") or "")
    if username == _IDENTITY_USER:
        return Credentials(identity_token=secret)
    return Credentials(username, secret) if username else None


def _run_helper(
    helper: str, server: str, environment: Mapping[str, str], answers: list[Mapping[str, Any] | Exception | None]
) -> None:
    from docker.credentials import Store
    from docker.credentials.errors import CredentialsNotFound

    try:
        store: Any = Store(helper, environment=dict(environment))
        answers.append(dict(store.get(server)))
    except CredentialsNotFound:
        answers.append(None)
    except Exception as error:  # noqa: BLE001 - carried over to the thread that waits, which reports it
        answers.append(error)
