"""What ``gitless logout`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenLogin:
    """One registry: whether there was a login, and the credential helper that was told to forget it."""

    registry: str
    removed: bool
    helper: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutResult:
    """Registries that there is no login to any more; ``file`` is docker's configuration file."""

    kind: ClassVar[str] = "LogoutResult"

    file: str
    logins: tuple[ForgottenLogin, ...]

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "file": self.file,
            "registries": [
                {"registry": login.registry, "removed": login.removed, "credentialHelper": login.helper}
                for login in self.logins
            ],
        }
