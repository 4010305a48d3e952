"""Public keys: read from PEM, checked for strength, named by fingerprint, used to check signatures."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from pipeline.errors import TrustError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    VerifyingKey = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey

MAX_KEY_BYTES = 64 * 1024
_PEM_TYPES = ("PUBLIC KEY", "RSA PUBLIC KEY")
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_RSA_BITS = range(2048, 16385)


def parse_public_key(pem: str, source: str) -> VerifyingKey:
    """Read a PEM public key of a kind that cosign and Flux accept: ECDSA, RSA or Ed25519.

    Raises:
        TrustError: it is not one, or too weak.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if "PRIVATE KEY-----" in pem:
        raise TrustError(f"{source} is a private key", hint="verify with the public key beside it, such as cosign.pub")
    if not any(f"-----BEGIN {name}-----" in pem for name in _PEM_TYPES):
        raise TrustError(f"{source} is not a public key in PEM; expected -----BEGIN PUBLIC KEY-----")
    try:
        key = load_pem_public_key(pem.encode("utf-8"))
    except unreadable():
        raise TrustError(f"{source} is not a readable public key") from None
    return check_kind(key, source)


def unreadable() -> tuple[type[Exception], ...]:
    """What the library raises for keys that it cannot read."""
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm

    return (ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm, InternalError)


def check_kind(key: object, source: str) -> VerifyingKey:
    """The key, if it is of an accepted kind and strength.

    Raises:
        TrustError: it is not.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if isinstance(key, EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            raise TrustError(f"{source} is on the curve {key.curve.name}; expected P-256, P-384 or P-521")
        return key
    if isinstance(key, RSAPublicKey):
        if key.key_size not in _RSA_BITS:
            raise TrustError(f"{source} is an RSA key of {key.key_size} bits; expected 2048 to 16384")
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    raise TrustError(f"{source} is a {type(key).__name__.strip('_')}; expected ECDSA, RSA or Ed25519")


def key_type(key: VerifyingKey) -> str:
    """``ECDSA P-256``, ``RSA 4096``, ``Ed25519``."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if isinstance(key, EllipticCurvePublicKey):
        return f"ECDSA {_CURVES[key.curve.name]}"
    return f"RSA {key.key_size}" if isinstance(key, RSAPublicKey) else "Ed25519"


def public_pem(key: VerifyingKey) -> str:
    """SubjectPublicKeyInfo in PEM: what ``cosign.pub`` holds."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def fingerprint(key: VerifyingKey) -> str:
    """``SHA256:<hex>`` of the key's DER; ``openssl pkey -pubin -outform DER | sha256sum`` shows the same."""
    return f"SHA256:{_der_hash(key).hex()}"


def key_hint(key: VerifyingKey) -> str:
    """What cosign writes into a bundle to tell which key made it; nobody has to believe it."""
    return base64.b64encode(_der_hash(key)).decode("ascii")


def is_signed_by(key: VerifyingKey, signature: bytes, content: bytes) -> bool:
    """Whether the key made the signature, by the algorithms of cosign's keys.

    ECDSA and PKCS #1 v1.5 with SHA-256, as Flux and ``cosign verify`` check them, and Ed25519. cosign 3 signs with
    the hash that suits a larger curve, so that one counts as well.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

    if isinstance(key, EllipticCurvePublicKey):
        larger = {"secp384r1": (SHA384(),), "secp521r1": (SHA512(),)}.get(key.curve.name, ())
        for algorithm in (SHA256(), *larger):
            try:
                key.verify(signature, content, ECDSA(algorithm))
            except InvalidSignature:
                continue
            return True
        return False
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, content, PKCS1v15(), SHA256())
        else:
            key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _der_hash(key: VerifyingKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
