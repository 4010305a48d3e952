"""Logging in to a registry and out again: a login is kept once the registry has accepted it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.errors import RegistryError
from pipeline.model.outcome.login import LoginResult
from pipeline.model.outcome.logout import ForgottenLogin, LogoutResult
from pipeline.model.settings.credentials import Credentials
from pipeline.ports import LoginStore

Accepts = Callable[[str, Credentials], bool]
"""Whether a registry wanted a login and took it, False where it wants none; raises RegistryError where it refuses."""


def log_in(
    host: str, credentials: Credentials, store: LoginStore, accepts: Accepts, *, provider: str, helper: str | None
) -> LoginResult:
    """Have the login accepted, then keep it; a login that is refused changes nothing.

    Raises:
        RegistryError: the registry refuses it or does not answer; or the credential helper fails.
        ConfigurationError: docker's configuration is broken or cannot be written.
    """
    # Before the registry is asked: a broken file is no reason to have used the login.
    store.hosts()
    verified = accepts(host, credentials)
    keeper = store.save(host, credentials, helper)
    return _result(host, credentials, store, provider=provider, helper=keeper, verified=verified)


def log_in_by_helper(host: str, helper: str, store: LoginStore, accepts: Accepts) -> LoginResult:
    """Have a credential helper asked for this registry from now on, where what it says is accepted.

    Raises:
        RegistryError: the helper has none, or the registry refuses it.
        ConfigurationError: docker's configuration is broken or cannot be written.
    """
    store.hosts()
    credentials = store.ask_helper(host, helper)
    verified = accepts(host, credentials)
    store.use_helper(host, helper)
    return _result(host, credentials, store, provider="generic", helper=helper, verified=verified)


def log_out(hosts: Sequence[str], store: LoginStore) -> LogoutResult:
    """Forget the logins, in the file and in the credential helpers that it names.

    Raises:
        RegistryError: a credential helper failed; every other login is forgotten all the same.
        ConfigurationError: docker's configuration is broken or cannot be written.
    """
    forgotten, failures = [], []
    for host in hosts:
        try:
            removed, helper = store.erase(host)
        except RegistryError as error:
            failures.append(error)
        else:
            forgotten.append(ForgottenLogin(registry=host, removed=removed, helper=helper))
    if failures:
        raise failures[0]
    return LogoutResult(file=store.place, logins=tuple(forgotten))


def _result(
    host: str, credentials: Credentials, store: LoginStore, *, provider: str, helper: str | None, verified: bool
) -> LoginResult:
    return LoginResult(
        registry=host,
        username=credentials.username,
        provider=provider,
        file=store.place,
        helper=helper,
        expires=credentials.expires,
        verified=verified,
    )
