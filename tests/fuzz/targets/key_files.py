"""Keys and certificates in every form; no password is known, so that nothing slow is computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from cryptography.hazmat.primitives import serialization

from pipeline.errors import ConfigurationError, PipelineError
from pipeline.signers.certificates import read_certificate
from pipeline.signers.cosign.key_conversion import describe
from pipeline.signers.cosign.private_keys import encrypt, parse_private_key
from pipeline.signers.cosign.public_keys import parse_public_key
from tests.fuzz.material import leaf
from tests.unit.sign.support import private_key, public_pem


def seeds() -> Iterator[bytes]:
    for kind in ("P-256", "P-521", "Ed25519", "RSA 2048"):
        key = private_key("ours", kind)
        public = key.public_key()
        yield public_pem(key).encode()
        yield public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        yield public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        yield key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    yield private_key("ours").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    yield encrypt(private_key("ours"), b"x").encode()
    yield leaf()[1].public_bytes(serialization.Encoding.PEM)
    yield leaf()[1].public_bytes(serialization.Encoding.DER)


def no_password() -> bytes:
    raise ConfigurationError("nobody knows the password")


def consume(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with suppress(PipelineError):
        parse_public_key(text, "odd")
    with suppress(PipelineError):
        parse_private_key(text, "odd", no_password)
    with suppress(PipelineError):
        describe(data, "odd", no_password)
    read_certificate(data)
    read_certificate(text)
