"""What ``gitless login`` did; never the secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResult:
    """A login that the registry accepted, and where it is kept.

    Attributes:
        registry: ``HOST[:PORT]``.
        username: empty where an identity token has none.
        provider: whose identity it comes from; ``generic`` where it was given.
        file: docker's configuration file.
        helper: the credential helper that keeps it; ``None`` where the file does.
        expires: seconds since the epoch; ``None`` where nobody says.
        verified: False where the registry wants no login from anybody.
    """

    kind: ClassVar[str] = "LoginResult"

    registry: str
    username: str
    provider: str
    file: str
    helper: str | None
    expires: float | None
    verified: bool

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "registry": self.registry,
            "username": self.username,
            "provider": self.provider,
            "file": self.file,
            "credentialHelper": self.helper,
            "expiresAt": self.expires_at,
            "verified": self.verified,
        }

    @property
    def expires_at(self) -> str | None:
        """When it ends, in RFC 3339, whole seconds."""
        if self.expires is None:
            return None
        return datetime.fromtimestamp(int(self.expires), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
