"""Logins by the identity of CI or cloud, one for the whole process; and what logins are written to."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.errors import IdentityError
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.credentials import Credentials
from pipeline.model.settings.providers import AUTO, GENERIC
from pipeline.ports import Clock, Environment, FindLogin, LoginStore, Mask, RegistryIdentity, Reporter

if TYPE_CHECKING:
    from pipeline.identities.logins import Logins

_shared: list[Logins] = []


def find_login(
    host: str, options: RegistryOptions, environment: Environment, reporter: Reporter, clock: Clock
) -> FindLogin | None:
    """How to get a login by the provider of the options; ``None`` where this host is not one of its registries.

    With ``auto``, an identity that is not to be had is told and docker's configuration counts; with a provider that was
    asked for by name it is an error.
    """
    if options.provider == GENERIC:
        return None
    provider = provider_for(host, options.provider, environment)
    if provider is None:
        return None
    who = identity(provider, environment, ca_file=options.ca_file)
    # Another environment is another identity.
    key = (provider, host, options.ca_file, tuple(sorted(environment.items())))
    logins = _logins()

    def find(refused: Credentials | None) -> Credentials | None:
        try:
            return logins.find(key, who, host, refused, clock)
        except IdentityError as error:
            if options.provider != AUTO:
                raise
            if logins.first_time(key):
                reporter.warn(f"going on without {provider}'s identity: {error.message}")
            return None

    return find


def provider_for(host: str, provider: str, environment: Environment) -> str | None:
    """The provider to ask about a host: that one, or with ``auto`` whose registry it is; ``None``: nobody."""
    from pipeline.identities import open_identity, provider_of

    if provider == AUTO:
        return provider_of(host, environment)
    return provider if open_identity(provider, environment, _unmasked).serves(host) else None


def identity(provider: str, environment: Environment, *, ca_file: str | None = None) -> RegistryIdentity:
    """One provider's identity, whose secrets the CI's log is told to hide."""
    from pipeline.identities import open_identity

    return open_identity(provider, environment, mask(environment), ca_file=ca_file)


def mask(environment: Environment) -> Mask:
    """Tells GitHub's runner to hide a secret; elsewhere nobody is told, and nothing is shown."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return _unmasked
    from pipeline.ci.workflow_commands import command

    def hide(secret: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(command("add-mask", secret))
            sys.stderr.flush()

    return hide


def login_store(environment: Environment, options: RegistryOptions) -> LoginStore:
    """The file that docker, podman and gitless take logins from.

    Raises:
        ConfigurationError: nothing says where it is.
    """
    from pipeline.registries.logins import DockerLogins

    return DockerLogins.at_home(environment, options.timeout)


def login_check(
    options: RegistryOptions, environment: Environment, reporter: Reporter, clock: Clock
) -> Callable[[str, Credentials], bool]:
    """Asks a registry whether it accepts a login; see ``registries/oci/checking.py``."""
    from pipeline.registries.oci.checking import accepts

    return lambda host, credentials: accepts(host, credentials, options, environment, reporter, clock)


def _unmasked(_secret: str) -> None:
    """Where there is no log that would repeat it."""


def _logins() -> Logins:
    if not _shared:
        from pipeline.identities.logins import Logins

        _shared.append(Logins())
    return _shared[0]
