"""``LogoutResult`` as text."""

from __future__ import annotations

from pipeline.model.outcome.logout import ForgottenLogin, LogoutResult


def render(result: LogoutResult, *, color: bool) -> str:
    """One line for each registry."""
    del color
    if not result.logins:
        return f"no logins in {result.file}\n"
    return "".join(f"{_line(login, result.file)}\n" for login in result.logins)


def _line(login: ForgottenLogin, file: str) -> str:
    if not login.removed:
        return f"{login.registry}: there was no login"
    where = file if login.helper is None else f"{file} and docker-credential-{login.helper}"
    return f"{login.registry}: login removed from {where}"
