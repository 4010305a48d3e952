"""Private keys: cosign's encrypted files, written and read, and plain PEM keys, read.

Format: PEM around the JSON of ``secure-systems-lab/go-securesystemslib``'s package ``encrypted`` (scrypt, then NaCl
secretbox over PKCS #8 DER), as ``cosign generate-key-pair`` writes it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.documents.strict_json import JsonObject, decode_base64, object_in, parse_object, text_in
from pipeline.model.trust.key_forms import KeyType
from pipeline.signers.cosign.public_keys import check_kind, unreadable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    SigningKey = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey

ReadPassword = Callable[[], bytes]

_ENCRYPTED_TYPES = ("ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY")
_KNOWN_COSTS = frozenset({(1 << 15, 8, 1), (1 << 16, 8, 1), (1 << 17, 8, 1)})
"""The three that cosign writes and reads; a file that asks for more could stall or exhaust the machine."""
_WRITTEN_COST = (1 << 16, 8, 1)
_KEY_BYTES = 32
_SALT_BYTES = 32
_NONCE_BYTES = 24


def parse_private_key(pem: str, source: str, read_password: ReadPassword) -> SigningKey:
    """Read a key of cosign's (either PEM type), or a PKCS #8, SEC 1 or PKCS #1 key in PEM, encrypted or not.

    ``read_password`` is called only for an encrypted key.

    Raises:
        ConfigurationError: it is not one, or the password is wrong.
    """
    for name in _ENCRYPTED_TYPES:
        body = _pem_body(pem, name)
        if body is not None:
            return _load(decrypt(body, source, read_password), source)
    if "-----BEGIN PUBLIC KEY-----" in pem:
        raise ConfigurationError(f"{source} is a public key", hint="sign with the private key, such as cosign.key")
    if "PRIVATE KEY-----" not in pem:
        raise ConfigurationError(
            f"{source} is not a private key in PEM",
            hint="expected one that `gitless keys generate` or `cosign generate-key-pair` made",
        )
    return _load_pem(pem, source, read_password)


def generate(key_type: KeyType) -> SigningKey:
    """A new key."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if key_type is KeyType.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if key_type is KeyType.RSA_3072:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(ec.SECP384R1() if key_type is KeyType.ECDSA_P384 else ec.SECP256R1())


def encrypt(key: SigningKey, password: bytes) -> str:
    """The key as cosign's PEM file."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from nacl.secret import SecretBox

    content = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    box = SecretBox(_derive(password, salt, _WRITTEN_COST))
    cost, blocks, lanes = _WRITTEN_COST
    document = {
        "kdf": {"name": "scrypt", "params": {"N": cost, "r": blocks, "p": lanes}, "salt": _base64(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _base64(nonce)},
        "ciphertext": _base64(box.encrypt(content, nonce).ciphertext),
    }
    body = _base64(json.dumps(document, separators=(",", ":")).encode("utf-8"))
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN {_ENCRYPTED_TYPES[0]}-----\n{lines}\n-----END {_ENCRYPTED_TYPES[0]}-----\n"


def decrypt(body: str, source: str, read_password: ReadPassword) -> bytes:
    """The PKCS #8 DER inside a PEM body of cosign's.

    Raises:
        ConfigurationError: the file is malformed, or the password is wrong.
    """
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    try:
        salt, cost, nonce, ciphertext = _read_parameters(body, source)
    except TrustError as error:
        raise ConfigurationError(error.message) from None
    box = SecretBox(_derive(read_password(), salt, cost))
    try:
        return bytes(box.decrypt(ciphertext, nonce))
    except CryptoError:
        raise ConfigurationError(
            f"{source} cannot be decrypted: the password is wrong, or the file is damaged",
            hint="give it with --password-file, COSIGN_PASSWORD, or at the prompt",
            code="configuration.password",
        ) from None


def _read_parameters(body: str, source: str) -> tuple[bytes, tuple[int, int, int], bytes, bytes]:
    document = parse_object(decode_base64(body, source), source)
    kdf, cipher = object_in(document, "kdf", source), object_in(document, "cipher", source)
    if text_in(kdf, "name", source) != "scrypt" or text_in(cipher, "name", source) != "nacl/secretbox":
        raise TrustError(f"{source} is encrypted by other means than scrypt and nacl/secretbox")
    cost = _read_cost(object_in(kdf, "params", source))
    if cost not in _KNOWN_COSTS:
        raise TrustError(f"{source} asks for scrypt parameters that cosign does not use")
    nonce = decode_base64(text_in(cipher, "nonce", source), source)
    ciphertext = decode_base64(text_in(document, "ciphertext", source), source)
    if len(nonce) != _NONCE_BYTES or not ciphertext:
        raise TrustError(f"{source} is damaged")
    return decode_base64(text_in(kdf, "salt", source), source), cost, nonce, ciphertext


def _read_cost(parameters: JsonObject) -> tuple[int, int, int] | None:
    values = [parameters.get(name) for name in ("N", "r", "p")]
    if not all(isinstance(value, int) for value in values):
        return None
    return values[0], values[1], values[2]  # type: ignore[return-value]  # just checked, one by one


def _derive(password: bytes, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    number, blocks, lanes = cost
    # OpenSSL's own bound is 32 MiB, half of what N = 2**16 takes.
    memory = 128 * number * blocks * 2
    return hashlib.scrypt(password, salt=salt, n=number, r=blocks, p=lanes, maxmem=memory, dklen=_KEY_BYTES)


def _load(der: bytes, source: str) -> SigningKey:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        return _checked(load_der_private_key(der, password=None), source)
    except unreadable():
        raise ConfigurationError(f"{source} does not hold a readable private key") from None


def _load_pem(pem: str, source: str, read_password: ReadPassword) -> SigningKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = pem.encode("utf-8")
    encrypted = "ENCRYPTED" in pem
    try:
        return _checked(load_pem_private_key(content, password=read_password() if encrypted else None), source)
    except unreadable():
        reason = "the password is wrong, or the file is damaged" if encrypted else "the file is damaged"
        raise ConfigurationError(f"{source} cannot be read as a private key: {reason}") from None


def _checked(key: object, source: str) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey):
        raise ConfigurationError(f"{source} is of a kind that cannot sign here; expected ECDSA, RSA or Ed25519")
    try:
        check_kind(key.public_key(), source)
    except TrustError as error:
        raise ConfigurationError(error.message) from None
    return key


def _pem_body(pem: str, name: str) -> str | None:
    _, begin, rest = pem.partition(f"-----BEGIN {name}-----")
    body, end, _ = rest.partition(f"-----END {name}-----")
    return "".join(body.split()) if begin and end else None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
