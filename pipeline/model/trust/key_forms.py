"""Kinds of keys that are made, and forms that keys are written in."""

from __future__ import annotations

from enum import StrEnum


class KeyType(StrEnum):
    """What ``keys generate`` can make."""

    ECDSA_P256 = "ecdsa-p256"
    """What cosign makes, and everybody accepts."""
    ECDSA_P384 = "ecdsa-p384"
    ED25519 = "ed25519"
    RSA_3072 = "rsa-3072"


class KeyForm(StrEnum):
    """What ``keys convert`` can write."""

    COSIGN = "cosign"
    """A private key, encrypted as current cosign does it."""
    PKCS8 = "pkcs8"
    """A private key in PEM, not encrypted (RFC 5208)."""
    SEC1 = "sec1"
    """An ECDSA private key in PEM, not encrypted (SEC 1, RFC 5915)."""
    PEM = "pem"
    """A public key: SubjectPublicKeyInfo in PEM."""
    DER = "der"
    """A public key: SubjectPublicKeyInfo in DER."""
    OPENSSH = "openssh"
    """A public key: a line of ``authorized_keys``."""

    @property
    def is_private(self) -> bool:
        """Whether it holds the private key."""
        return self in {KeyForm.COSIGN, KeyForm.PKCS8, KeyForm.SEC1}
