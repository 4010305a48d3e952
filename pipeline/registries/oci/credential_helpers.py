"""Credential helpers: ``docker-credential-NAME``, told what to do by its argument and everything else on its stdin.

Protocol: docker's credential helpers (``get``, ``store``, ``erase``). The docker SDK speaks it, which has neither a
time limit nor discreet errors, so that both are added here.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from pipeline.errors import RegistryError, UsageError
from pipeline.loading import settle
from pipeline.model.settings.credentials import Credentials

IDENTITY_USER = "<token>"
"""Docker's name for whoever has an identity token instead of a password."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a helper, which becomes part of a program's name.

    Raises:
        UsageError: it cannot.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{ascii(name)[:80]} cannot name a credential helper; expected NAME of a program docker-credential-NAME"
        )


def get(helper: str, server: str, environment: Mapping[str, str], timeout: float) -> Credentials | None:
    """The login that the helper keeps for the server; ``timeout`` in seconds.

    Raises:
        RegistryError: it is missing, failed or hangs.
    """
    answer = _ask(helper, server, environment, timeout, "get", lambda store: dict(store.get(server)))
    if answer is None:
        return None
    username, secret = str(answer.get("Username") or ""), str(answer.get("Secret") or "")
    if username == IDENTITY_USER:
        return Credentials(identity_token=secret)
    return Credentials(username, secret) if username else None


def store(helper: str, server: str, credentials: Credentials, environment: Mapping[str, str], timeout: float) -> None:
    """Have it keep a login.

    Raises:
        RegistryError: it is missing, failed, hangs, or cannot keep any.
    """
    token = credentials.identity_token
    username, secret = (IDENTITY_USER, token) if token else (credentials.username, credentials.password)
    _ask(helper, server, environment, timeout, "store", lambda it: _done(it.store(server, username, secret)))


def erase(helper: str, server: str, environment: Mapping[str, str], timeout: float) -> bool:
    """Have it forget the login; whether it had one, as far as it says.

    Raises:
        RegistryError: it is missing, failed or hangs.
    """
    return _ask(helper, server, environment, timeout, "erase", lambda it: _done(it.erase(server))) is not None


def _done(_output: object) -> Mapping[str, Any]:
    return {}


def _ask(
    helper: str,
    server: str,
    environment: Mapping[str, str],
    timeout: float,
    action: str,
    ask: Callable[[Any], Mapping[str, Any]],
) -> Mapping[str, Any] | None:
    program = f"docker-credential-{helper}"
    if shutil.which(program) is None:
        raise RegistryError(
            f"the credential helper {program}, which the docker configuration names for {server}, is not on PATH",
            hint="install it, or remove it from 'credHelpers' or 'credsStore' in the docker configuration",
            code="registry.credential-helper",
        )
    settle()
    answers: list[Mapping[str, Any] | Exception | None] = []
    asking = Thread(target=_run, args=(helper, environment, ask, answers), daemon=True)
    asking.start()
    asking.join(timeout)
    answer = answers[0] if answers else TimeoutError(f"it did not answer within {timeout:g} s")
    if isinstance(answer, Exception):
        # The SDK's text holds whatever the helper printed, which may be a secret: only our own words are shown.
        why = str(answer) if isinstance(answer, TimeoutError) else "it failed"
        what = {"get": "gave no login", "store": "did not keep the login", "erase": "did not forget the login"}[action]
        raise RegistryError(
            f"the credential helper {program} {what} for {server}: {why}",
            hint=None if action == "store" else f"try it: echo {server} | {program} {action}",
            code="registry.credential-helper",
        ) from None
    return answer


def _run(
    helper: str,
    environment: Mapping[str, str],
    ask: Callable[[Any], Mapping[str, Any]],
    answers: list[Mapping[str, Any] | Exception | None],
) -> None:
    from docker.credentials import Store
    from docker.credentials.errors import CredentialsNotFound

    try:
        answers.append(ask(Store(helper, environment=dict(environment))))
    except CredentialsNotFound:
        answers.append(None)
    except Exception as error:  # noqa: BLE001 - carried over to the thread that waits, which reports it
        answers.append(error)
