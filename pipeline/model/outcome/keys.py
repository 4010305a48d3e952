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
class CertificateSummary:
    """Whose a certificate is; names as they are in it, times in ISO 8601, UTC."""

    subject: str
    issuer: str
    identities: tuple[str, ...]
    not_before: str
    not_after: str

    def document(self) -> dict[str, Any]:
        """A part of the JSON document."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "identities": list(self.identities),
            "notBefore": self.not_before,
            "notAfter": self.not_after,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """A key as it was found, in a file or by URI. ``public_key`` is PEM, also where there is the private key."""

    kind: ClassVar[str] = "KeyResult"

    file: str
    type: str
    fingerprint: str
    hint: str
    """What bundles have to tell which key made them: base64 of what the fingerprint has in hexadecimal."""
    is_private: bool
    public_key: str
    certificate: CertificateSummary | None = None

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "file": self.file,
            "type": self.type,
            "fingerprint": self.fingerprint,
            "hint": self.hint,
            "private": self.is_private,
            "publicKey": self.public_key,
            "certificate": self.certificate.document() if self.certificate else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyConversionResult:
    """A key in another form: in a file, or (a public one) as ``content``."""

    kind: ClassVar[str] = "KeyConversionResult"

    source: str
    output: str
    form: str
    type: str
    fingerprint: str
    is_private: bool
    content: str = ""

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "source": self.source,
            "output": self.output or None,
            "form": self.form,
            "type": self.type,
            "fingerprint": self.fingerprint,
            "private": self.is_private,
            "content": self.content or None,
        }
