"""Whether a registry accepts a login, found out before anybody keeps it."""

from __future__ import annotations

from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.credentials import Credentials
from pipeline.ports import Clock, Environment, Reporter
from pipeline.registries.oci.calls import Call
from pipeline.registries.oci.challenges import Scopes
from pipeline.registries.oci.endpoints import endpoint_of
from pipeline.registries.oci.transport import Transport

_NO_SCOPES: Scopes = {}


def accepts(
    host: str,
    credentials: Credentials,
    options: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
    clock: Clock,
) -> bool:
    """Whether the registry wanted the login and took it; False where it wants none from anybody.

    Asked is what the distribution specification has for it, ``GET /v2/``, with whatever exchange the answer demands.

    Raises:
        RegistryError: it refuses the login, or does not answer as a registry does.
    """
    wanted = False

    def find(_refused: Credentials | None) -> Credentials:
        nonlocal wanted
        wanted = True
        return credentials

    # The repository is nobody's: no request names it.
    endpoint = endpoint_of(Repository(host, "login"), options)
    transport = Transport(endpoint, options, find, environment, reporter, clock)
    place = transport.url(f"{transport.container.registry}/v2/")
    transport.send(Call(method="GET", url=place, what="log in", scopes=_NO_SCOPES))
    return wanted
