"""What ``gitless keys`` made or showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPairResult:
    """A key pair that was written; nothing of the private key but its file's name."""

    kind: ClassVar[str] = "KeyPairResult"

    private_key_file: str
    public_key_file: str
    type: str
    fingerprint: str

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "privateKeyFile": self.private_key_file,
            "publicKeyFile": self.public_key_file,
            "type": self.type,
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """A key file as it was found. ``public_key`` is PEM, also where the file holds the private key."""

    kind: ClassVar[str] = "KeyResult"

    file: str
    type: str
    fingerprint: str
    is_private: bool
    public_key: str

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "file": self.file,
            "type": self.type,
            "fingerprint": self.fingerprint,
            "private": self.is_private,
            "publicKey": self.public_key,
        }
