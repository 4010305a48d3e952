"""Container engines, and who they are to a registry."""

from __future__ import annotations

from pipeline.model.artifact.reference import Repository
from pipeline.model.images.engine import RegistryLogin
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Environment, ImageEngine, Reporter
from pipeline.wiring.identities import find_login
from pipeline.wiring.surroundings import clock


def image_engine(asked: str, environment: Environment, reporter: Reporter) -> ImageEngine:
    """The engine at an address, or the one that is here; nothing is connected yet."""
    from pipeline.engines.docker import DockerEngine

    return DockerEngine(asked, environment, reporter)


def registry_login(
    repository: Repository, options: RegistryOptions, environment: Environment, reporter: Reporter
) -> RegistryLogin | None:
    """What an engine is told to log in with: whatever our own registry client would use.

    Raises:
        ConfigurationError: a login file cannot be read.
        IdentityError: the provider that was asked for by name knows nobody here.
        RegistryError: a credential helper is missing or failed; or a provider refuses.
    """
    from pipeline.registries.oci.credentials import find_credentials

    identify = find_login(repository.host, options, environment, reporter, clock())
    found = find_credentials(repository, options, environment, identify)
    if found is None:
        return None
    return RegistryLogin(found.username, found.password, found.identity_token, found.access_token)
