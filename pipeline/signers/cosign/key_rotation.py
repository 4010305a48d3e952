"""Change to a new key without a moment in which what is published is accepted by nobody.

First both keys are accepted and the new one signs; when everything current is signed with it, the old one goes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import load_settings
from pipeline.errors import ConfigurationError
from pipeline.model.outcome.key_rotation import EditedFile, KeyRotationResult, RotatedKey
from pipeline.model.settings.key_lists import Changed, add_key, remove_key, set_value
from pipeline.model.trust.key_forms import KeyType
from pipeline.model.trust.policy import PublicKey
from pipeline.signers.cosign import public_keys
from pipeline.signers.cosign.key_files import generate_key_pair, read_public_key, replace_file
from pipeline.signers.cosign.private_keys import ReadPassword

CheckAccepted = Callable[[PublicKey], tuple[str, ...]]
"""Refuses where the new key alone would not be enough; returns what was looked at, by digest."""

_NUMBER = re.compile(r"-[0-9]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Which documents, and which keys.

    ``documents`` are trust policies beside the settings file. Keys and prefix are paths as seen from the working
    folder; what is empty is found out: the old key is the one beside ``signing.key``, the new one has the next number.
    """

    settings_file: Path
    documents: tuple[Path, ...] = ()
    old_key: str = ""
    prefix: str = ""
    key_type: KeyType = KeyType.ECDSA_P256
    is_dry_run: bool = False

    @property
    def every_document(self) -> tuple[Path, ...]:
        """The settings file first."""
        return (self.settings_file, *self.documents)


def start_rotation(rotation: Rotation, read_password: ReadPassword) -> KeyRotationResult:
    """Make a new key pair, let every document accept it beside the old one, and sign with it from now on.

    Raises:
        ConfigurationError: there is nothing to rotate, or a file cannot be changed; then nothing is.
    """
    signing_key = _signing_key(rotation.settings_file)
    old = rotation.old_key or _public_beside(signing_key)
    fingerprint = _fingerprint(old)
    prefix = rotation.prefix or _next_prefix(signing_key)
    folder = rotation.settings_file.parent
    private, public = f"{prefix}.key", f"{prefix}.pub"
    changed = {
        file: add_key(_read(file), str(file), _names(file.parent, old), _seen_from(file.parent, public))
        for file in rotation.every_document
    }
    changed[rotation.settings_file] = set_value(
        changed[rotation.settings_file],
        str(rotation.settings_file),
        ("signing", "key"),
        _seen_from(folder, private),
    )
    new = RotatedKey(public, "", private)
    if not rotation.is_dry_run:
        made = generate_key_pair(prefix, read_password, rotation.key_type)
        new = RotatedKey(made.public_key_file, made.fingerprint, made.private_key_file)
        try:
            _write(changed)
        except ConfigurationError:
            Path(private).unlink()
            Path(public).unlink()
            raise
    return KeyRotationResult(
        step="overlap",
        old=RotatedKey(old, fingerprint, signing_key),
        new=new,
        edited=_edited(changed),
        is_dry_run=rotation.is_dry_run,
        next_steps=(
            f"sign what is current with the new key: gitless sign oci://…@sha256:… --key {private}",
            f"let pullers accept both: gitless create secret cosign NAME --key {old} --key {public}",
            "bring the changed policy to everything that verifies",
            "then: gitless keys rotate --finish --check oci://…",
        ),
    )


def finish_rotation(rotation: Rotation, check: CheckAccepted) -> KeyRotationResult:
    """Let no document accept the old key any more.

    Raises:
        ConfigurationError: it is not clear which key is the old one, or a file cannot be changed; then none is.
        PipelineError: what ``check`` refuses with.
    """
    signing_key = _signing_key(rotation.settings_file)
    public = _public_beside(signing_key)
    old = rotation.old_key or _only_other(rotation.settings_file, public)
    if Path(old).resolve() == Path(public).resolve():
        raise ConfigurationError(
            f"{old} belongs to what 'signing.key' signs with, so it cannot go",
            hint="name the old public key: --old-key",
        )
    new_key = read_public_key(public)
    changed = {
        file: remove_key(_read(file), str(file), _names(file.parent, old), _names(file.parent, public))
        for file in rotation.every_document
    }
    checked = check(new_key)
    if not rotation.is_dry_run:
        _write(changed)
    return KeyRotationResult(
        step="finished",
        old=RotatedKey(old, _fingerprint(old) if Path(old).exists() else ""),
        new=RotatedKey(public, public_keys.fingerprint(public_keys.parse_public_key(new_key.pem, public)), signing_key),
        edited=_edited(changed),
        is_dry_run=rotation.is_dry_run,
        checked=checked,
        next_steps=(
            f"let pullers accept the new key alone: gitless create secret cosign NAME --key {public}",
            "bring the changed policy to everything that verifies",
            "then destroy the old private key, in every place that has it",
        ),
    )


def _signing_key(file: Path) -> str:
    signing = load_settings(file).signing
    if signing is None or not signing.key:
        raise ConfigurationError(
            f"{file} has no 'signing.key', so there is no key to rotate",
            hint="gitless keys generate makes the first one",
        )
    if "://" in signing.key:
        raise ConfigurationError(
            f"{file}: 'signing.key' is {signing.key}, whose keys gitless does not make",
            hint="make the new key there, name it in 'trust.keys' beside the old one, then in 'signing.key'",
        )
    return signing.key


def _public_beside(private: str) -> str:
    return f"{private.removesuffix('.key')}.pub"


def _next_prefix(private: str) -> str:
    base = _NUMBER.sub("", private.removesuffix(".key"))
    number = 2
    while os.path.lexists(f"{base}-{number}.key") or os.path.lexists(f"{base}-{number}.pub"):
        number += 1
    return f"{base}-{number}"


def _names(folder: Path, key: str) -> Callable[[str], bool]:
    """Whether what a document in the folder says names the file."""
    wanted = Path(key).resolve()
    return lambda text: "\n" not in text and "://" not in text and (folder / text).resolve() == wanted


def _seen_from(folder: Path, file: str) -> str:
    if Path(file).is_absolute():
        return file
    return Path(os.path.relpath(file, folder)).as_posix()


def _only_other(file: Path, public: str) -> str:
    from pipeline.config import read_mapping

    body, _ = read_mapping(file, "expected keys such as name and trust")
    keys = [str(key) for key in body.get("trust", {}).get("keys", ())]
    is_new = _names(file.parent, public)
    others = [key for key in keys if not is_new(key)]
    if len(others) == 1 and "://" not in others[0] and "\n" not in others[0]:
        return str(file.parent / others[0])
    raise ConfigurationError(
        f"{file}: beside {public}, 'trust.keys' has {len(others)} keys, so it is not clear which one is the old one",
        hint="name its public key: --old-key FILE",
    )


def _fingerprint(public: str) -> str:
    return public_keys.fingerprint(public_keys.parse_public_key(read_public_key(public).pem, public))


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8") from None


def _write(changed: dict[Path, Changed]) -> None:
    before = {file: _read(file) for file in changed}
    written: list[Path] = []
    try:
        for file, made in changed.items():
            replace_file(file, made.text.encode("utf-8"))
            written.append(file)
    except ConfigurationError:
        for file in written:
            replace_file(file, before[file].encode("utf-8"))
        raise


def _edited(changed: dict[Path, Changed]) -> tuple[EditedFile, ...]:
    return tuple(EditedFile(str(file), made.changes) for file, made in changed.items())
