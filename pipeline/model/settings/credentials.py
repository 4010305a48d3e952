"""Who somebody is to a registry."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or an identity token to trade for access tokens, or an access token itself.

    ``expires`` is in seconds since the epoch: what comes of an identity ends and can be had anew, what somebody keeps
    in a file does not.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    expires: float | None = None

    @property
    def basic(self) -> str:
        """The value of a Basic ``Authorization`` header."""
        encoded = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return f"Basic {encoded}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything of it that must not be shown."""
        basic = self.basic.removeprefix("Basic ") if self.password else ""
        return tuple(found for found in (self.password, self.identity_token, self.access_token, basic) if found)
