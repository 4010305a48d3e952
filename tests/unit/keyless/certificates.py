"""Certificates as Fulcio would issue them, or would not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

SUBJECT = "https://ci.test/release"
ISSUER = "https://issuer.test"


@cache
def leaf_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def utf8(text: str) -> bytes:
    """A UTF8String in DER."""
    content = text.encode()
    length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return b"\x0c" + length + content


def certificate(
    extensions: dict[str, bytes] | None = None, names: Sequence[x509.GeneralName] | None = None
) -> x509.Certificate:
    """Signed by itself; ``extensions`` are Fulcio's by the last number of their OIDs."""
    now = datetime.now(UTC)
    name = x509.Name([])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(leaf_key().public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(minutes=9))
    )
    chosen = [x509.UniformResourceIdentifier(SUBJECT)] if names is None else names
    if chosen:
        builder = builder.add_extension(x509.SubjectAlternativeName(chosen), critical=True)
    for number, content in ({"8": utf8(ISSUER)} if extensions is None else extensions).items():
        oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, content), critical=False)
    return builder.sign(leaf_key(), SHA256())
