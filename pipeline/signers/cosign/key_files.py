"""Key files: written without ever being readable by others, read with messages that name the file."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.outcome.keys import KeyPairResult, KeyResult
from pipeline.model.trust.policy import PublicKey
from pipeline.signers.cosign import private_keys, public_keys
from pipeline.signers.cosign.private_keys import ReadPassword

_PRIVATE_MODE = 0o600
_PUBLIC_MODE = 0o644


def read_key_file(file: str) -> str:
    """The text of a key file.

    Raises:
        ConfigurationError: it cannot be read, or is no key by its size or encoding.
    """
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(public_keys.MAX_KEY_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"key file {file}: {error.strerror or error}") from None
    if len(content) > public_keys.MAX_KEY_BYTES:
        raise ConfigurationError(f"key file {file} is larger than {public_keys.MAX_KEY_BYTES} bytes, so it is no key")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"key file {file} is not text; expected PEM") from None


def read_public_key(file: str) -> PublicKey:
    """A public key to trust, known to be usable.

    Raises:
        ConfigurationError: the file is missing or not a public key.
    """
    key = PublicKey(read_key_file(file), file)
    check_public_key(key)
    return key


def check_public_key(key: PublicKey) -> None:
    """See that a key can be used.

    Raises:
        ConfigurationError: it is no public key in PEM, or too weak.
    """
    try:
        public_keys.parse_public_key(key.pem, key.source)
    except TrustError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None


def describe_key(file: str, read_password: ReadPassword) -> KeyResult:
    """What a key file, public or private, holds.

    Raises:
        ConfigurationError: it is not a key, or the password is wrong.
    """
    pem = read_key_file(file)
    is_private = "PRIVATE KEY-----" in pem
    if is_private:
        key = private_keys.parse_private_key(pem, file, read_password).public_key()
    else:
        key = public_keys.parse_public_key(read_public_key(file).pem, file)
    return KeyResult(
        file=file,
        type=public_keys.key_type(key),
        fingerprint=public_keys.fingerprint(key),
        is_private=is_private,
        public_key=public_keys.public_pem(key),
    )


def generate_key_pair(prefix: str, read_password: ReadPassword) -> KeyPairResult:
    """Write ``<prefix>.key`` and ``<prefix>.pub``: ECDSA P-256, as cosign makes them and Flux accepts them.

    Raises:
        ConfigurationError: one of the files is there already, or cannot be written; then neither is written.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    private_file, public_file = Path(f"{prefix}.key"), Path(f"{prefix}.pub")
    for file in (private_file, public_file):
        # Before the password is asked for; the write itself refuses again.
        if os.path.lexists(file):
            raise _exists(file)
    key = generate_private_key(SECP256R1())
    private_pem = private_keys.encrypt(key, read_password())
    _write_new(private_file, private_pem, _PRIVATE_MODE)
    try:
        _write_new(public_file, public_keys.public_pem(key.public_key()), _PUBLIC_MODE)
    except ConfigurationError:
        private_file.unlink()
        raise
    return KeyPairResult(
        private_key_file=str(private_file),
        public_key_file=str(public_file),
        type=public_keys.key_type(key.public_key()),
        fingerprint=public_keys.fingerprint(key.public_key()),
    )


def _write_new(file: Path, text: str, mode: int) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Exclusive creation with the final mode: no moment in which others could read it or have put a link there.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text)
    except FileExistsError:
        raise _exists(file) from None
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None


def _exists(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{file} exists already, and a key that is overwritten is lost",
        hint="choose another name with --output-key-prefix, or move the file away",
        code="configuration.key-exists",
    )
