"""Who this process is to registries by the CI or cloud that it runs in, and where logins are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pipeline.model.settings.credentials import Credentials

Mask = Callable[[str], None]
"""Told of every secret as soon as it is there, so that the CI's log never shows it."""

FindLogin = Callable[[Credentials | None], Credentials | None]
"""The login to one registry, or ``None``; given one that was refused, another one, or the same where there is none."""


class RegistryIdentity(Protocol):
    """One provider's identity, exchanged for a login to its registries."""

    def serves(self, host: str) -> bool:
        """Whether ``HOST[:PORT]`` is a registry of this provider; no login ever goes anywhere else."""
        ...

    def credentials(self, host: str) -> Credentials:
        """A login that was got just now.

        Raises:
            IdentityError: there is no identity here, or the provider's library is not installed.
            RegistryError: the provider refuses the identity, or cannot be reached.
        """
        ...


class LoginStore(Protocol):
    """Where logins to registries are kept, for other programs as well."""

    place: str
    """The file, for people."""

    def save(self, host: str, credentials: Credentials, helper: str | None) -> str | None:
        """Keep a login; ``helper`` is to keep those of this host from now on.

        Returns the credential helper that keeps it, or ``None`` where the file does.

        Raises:
            ConfigurationError: the file is broken or cannot be written; it is left as it was.
            RegistryError: the helper is missing or failed.
        """
        ...

    def ask_helper(self, host: str, helper: str) -> Credentials:
        """The login that a credential helper has for a host.

        Raises:
            RegistryError: the helper is missing, failed, or has none.
        """
        ...

    def use_helper(self, host: str, helper: str) -> None:
        """Have a credential helper asked for this host from now on.

        Raises:
            ConfigurationError: the file is broken or cannot be written.
        """
        ...

    def erase(self, host: str) -> tuple[bool, str | None]:
        """Forget the login; whether there was one, and the credential helper that was told to forget it.

        Raises:
            ConfigurationError: the file is broken or cannot be written.
            RegistryError: the helper is missing or failed.
        """
        ...

    def hosts(self) -> tuple[str, ...]:
        """The registries that there are logins to.

        Raises:
            ConfigurationError: the file is broken.
        """
        ...
