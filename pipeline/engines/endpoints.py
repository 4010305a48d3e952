"""Where the engine is: named by an option or variable, by docker's context, or at one of the usual sockets.

Rules: docker's "Use the Docker command line" (``DOCKER_HOST``, ``DOCKER_CONTEXT``, ``DOCKER_TLS_VERIFY``,
``DOCKER_CERT_PATH``), and podman-system-service(1) for its sockets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.ports import Environment

_DOCKER_SOCKET = Path("/var/run/docker.sock")
_PODMAN_SOCKET = Path("/run/podman/podman.sock")
_DEFAULT_CONTEXT = "default"


@dataclass(frozen=True, slots=True)
class EngineEndpoint:
    """An engine's address, why it is this one, and the TLS configuration of the SDK."""

    url: str
    named_by: str
    tls: Any = None


def find_endpoint(asked: str, environment: Environment) -> EngineEndpoint:
    """The engine to talk to: ``asked``, or ``DOCKER_HOST``, or docker's context, or a socket that is there.

    Raises:
        ConfigurationError: there is none, or the context or its certificates cannot be used.
    """
    if asked:
        return EngineEndpoint(asked, "--engine", _tls(environment))
    host = environment.get("DOCKER_HOST", "")
    if host:
        return EngineEndpoint(host, "DOCKER_HOST", _tls(environment))
    context = environment.get("DOCKER_CONTEXT", "") or _current_context()
    if context and context != _DEFAULT_CONTEXT:
        return _of_context(context)
    for socket in _sockets(environment):
        if socket.exists():
            return EngineEndpoint(f"unix://{socket}", "its usual place")
    looked = ", ".join(map(str, _sockets(environment)))
    raise ConfigurationError(
        f"no container engine was found; looked for DOCKER_HOST, docker's context and {looked}",
        hint="start docker or podman (podman system service), or name one: --engine unix:///run/docker.sock",
        code="configuration.no-engine",
    )


def _sockets(environment: Environment) -> Iterator[Path]:
    yield _DOCKER_SOCKET
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime:
        yield from (Path(runtime, "docker.sock"), Path(runtime, "podman", "podman.sock"))
    yield _PODMAN_SOCKET


def _tls(environment: Environment) -> Any:  # noqa: ANN401 - the SDK's own type
    from docker.errors import TLSParameterError
    from docker.utils import kwargs_from_env

    try:
        # An empty mapping would make the SDK read the process's own environment.
        return kwargs_from_env(environment={"DOCKER_HOST": "", **environment}).get("tls")
    except TLSParameterError as error:
        raise ConfigurationError(
            f"DOCKER_CERT_PATH is '{environment.get('DOCKER_CERT_PATH', '')}': {error}",
            hint="it is the folder with ca.pem, cert.pem and key.pem",
        ) from None


def _current_context() -> str:
    from docker.context.config import get_current_context_name

    return str(get_current_context_name() or "")


def _of_context(name: str) -> EngineEndpoint:
    from docker.context import ContextAPI

    try:
        context: Any = ContextAPI.get_context(name)
        found = (
            None
            if context is None
            else EngineEndpoint(str(context.Host), f"docker's context {name}", context.TLSConfig)
        )
    except Exception:  # noqa: BLE001 - the SDK raises plain exceptions over files that it cannot read
        raise ConfigurationError(
            f"docker's context '{name}' cannot be read", hint="docker context inspect shows it; or name --engine"
        ) from None
    if found is None:
        raise ConfigurationError(
            f"there is no docker context '{name}'", hint="docker context ls shows them; --engine names another one"
        )
    return found
