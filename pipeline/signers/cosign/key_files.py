"""Key files: written without ever being readable by others, read with messages that name the file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.outcome.keys import KeyPairResult
from pipeline.model.trust.key_forms import KeyType
from pipeline.model.trust.policy import PublicKey
from pipeline.signers.cosign import private_keys, public_keys
from pipeline.signers.cosign.private_keys import ReadPassword
from pipeline.whole_files import replacing

PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644


def read_key_file(file: str) -> str:
    """The text of a key file.

    Raises:
        ConfigurationError: it cannot be read, or is no key by its size or encoding.
    """
    try:
        return read_key_bytes(file).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"key file {file} is not text; expected PEM") from None


def read_key_bytes(file: str) -> bytes:
    """What a key file holds, in whatever form.

    Raises:
        ConfigurationError: it cannot be read, or is no key by its size.
    """
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(public_keys.MAX_KEY_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"key file {file}: {error.strerror or error}") from None
    if len(content) > public_keys.MAX_KEY_BYTES:
        raise ConfigurationError(f"key file {file} is larger than {public_keys.MAX_KEY_BYTES} bytes, so it is no key")
    return content


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


def generate_key_pair(
    prefix: str, read_password: ReadPassword, key_type: KeyType = KeyType.ECDSA_P256
) -> KeyPairResult:
    """Write ``<prefix>.key`` and ``<prefix>.pub``; ECDSA P-256 is what cosign makes and Flux accepts.

    Raises:
        ConfigurationError: one of the files is there already, or cannot be written; then neither is written.
    """
    private_file, public_file = Path(f"{prefix}.key"), Path(f"{prefix}.pub")
    for file in (private_file, public_file):
        # Before the password is asked for; the write itself refuses again.
        if os.path.lexists(file):
            raise _exists(file)
    key = private_keys.generate(key_type)
    private_pem = private_keys.encrypt(key, read_password())
    write_new(private_file, private_pem.encode("ascii"), PRIVATE_MODE)
    try:
        write_new(public_file, public_keys.public_pem(key.public_key()).encode("ascii"), PUBLIC_MODE)
    except ConfigurationError:
        private_file.unlink()
        raise
    return KeyPairResult(
        private_key_file=str(private_file),
        public_key_file=str(public_file),
        type=public_keys.key_type(key.public_key()),
        fingerprint=public_keys.fingerprint(key.public_key()),
    )


def write_new(file: Path, content: bytes, mode: int) -> None:
    """Write a file that must not be there yet; folders are made as needed.

    Raises:
        ConfigurationError: it is there already, or cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Exclusive creation with the final mode: no moment in which others could read it or have put a link there.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
    except FileExistsError:
        raise _exists(file) from None
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None


def replace_file(file: Path, content: bytes) -> None:
    """Change a file that is there, whole or not at all; its rights stay, and a link stays one.

    Raises:
        ConfigurationError: it cannot be written.
    """
    place = file.resolve()
    try:
        with replacing(place, stat.S_IMODE(place.stat().st_mode)) as stream:
            stream.write(content)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}") from None


def _exists(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{file} exists already, and a key that is overwritten is lost",
        hint="choose another name, or move the file away",
        code="configuration.key-exists",
    )
