"""Docker's ``config.json`` as a place to keep logins in, and the credential helpers that it names.

Whatever else is in the file stays, in its order and indentation. It is written beside and renamed, for its owner alone,
while a lock is held that other gitless processes wait for. A file that cannot be understood is never written to.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError, RegistryError
from pipeline.model.settings.credentials import Credentials
from pipeline.ports import Environment
from pipeline.registries.oci import credential_helpers
from pipeline.registries.oci.credentials import (
    helper_for,
    login_files,
    normal_key,
    read_logins,
    server_of,
    table_in,
)
from pipeline.whole_files import replacing

_OURS = frozenset({"auth", "username", "password", "identitytoken", "registrytoken"})
"""What of an entry is the login; anything else in it is not ours."""
_INDENTED = re.compile(r"\{\s*?\n([ \t]+)\S")
_PATIENCE = 30.0
"""Seconds; a helper may have to ask somebody."""
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600

_Document = dict[str, Any]


class DockerLogins:
    """Logins in one file, and in the helpers that it names."""

    def __init__(self, file: Path, environment: Environment, timeout: float) -> None:
        self._file = file
        self._environment = environment
        self._timeout = timeout
        self.place = str(file)

    @classmethod
    def at_home(cls, environment: Environment, timeout: float) -> DockerLogins:
        """The file that logins are looked for in first; ``timeout`` is what a helper may take, in seconds.

        Raises:
            ConfigurationError: nothing says where it is.
        """
        files = login_files(environment)
        if not files:
            raise ConfigurationError(
                "there is no place to keep logins in: neither DOCKER_CONFIG nor HOME is set",
                hint="set DOCKER_CONFIG to a folder of your own",
            )
        return cls(files[0], environment, max(timeout, _PATIENCE))

    def save(self, host: str, credentials: Credentials, helper: str | None) -> str | None:
        """Keep a login, in the helper that is named or configured, or else in the file."""
        if helper:
            credential_helpers.check_name(helper)
        with self._changing() as document:
            server = server_of(host)
            keeper = helper or helper_for(self._file, document, host)
            if helper:
                self._name_helper(document, server, helper)
            entries = _without(self._entries(document), host, keep=server)
            kept = entries.get(server)
            entry = {key: value for key, value in kept.items() if key not in _OURS} if isinstance(kept, dict) else {}
            if keeper:
                credential_helpers.store(keeper, server, credentials, self._environment, self._timeout)
            else:
                entry = {**_entry(credentials), **entry}
            document["auths"] = {**entries, server: entry}
            return keeper

    def ask_helper(self, host: str, helper: str) -> Credentials:
        """What the helper says, whether or not the file names it."""
        credential_helpers.check_name(helper)
        found = credential_helpers.get(helper, server_of(host), self._environment, self._timeout)
        if found is None:
            raise RegistryError(
                f"the credential helper docker-credential-{helper} has no login for {host}",
                hint="give it one: --username with --password-stdin, or --provider",
                code="registry.credential-helper",
            )
        return found

    def use_helper(self, host: str, helper: str) -> None:
        """Name it in the file, and take a login out of there that would count where the helper had none."""
        with self._changing() as document:
            self._name_helper(document, server_of(host), helper)
            self._forget(document, host)

    def erase(self, host: str) -> tuple[bool, str | None]:
        """Take every entry of the host out of the file, then have the helper forget it."""
        if read_logins(self._file) is None:
            return False, None
        with self._changing() as document:
            helper = helper_for(self._file, document, host)
            had = self._forget(document, host)
        if helper is None:
            return had, None
        told = credential_helpers.erase(helper, server_of(host), self._environment, self._timeout)
        return had or told, helper

    def hosts(self) -> tuple[str, ...]:
        """Those of the file, sorted; where podman has logged in to a part of a registry, with that part's path."""
        document = read_logins(self._file) or {}
        table_in(self._file, document, "credHelpers")
        return tuple(sorted({normal_key(key) for key in table_in(self._file, document, "auths")}))

    @contextmanager
    def _changing(self) -> Iterator[_Document]:
        """The document to change; what the block leaves in it is written, unless nothing has changed."""
        try:
            self._file.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            with _locked(self._file.with_name(f".{self._file.name}.lock")):
                # A login file may be a link to where somebody keeps such files.
                file = self._file.resolve()
                before = dict(read_logins(file) or {})
                document: _Document = dict(before)
                yield document
                if document != before:
                    text = self._text(document, file)
                    with replacing(file, _FILE_MODE, is_durable=True) as stream:
                        stream.write(text.encode())
                elif file.exists():
                    file.chmod(_FILE_MODE)
        except OSError as error:
            raise ConfigurationError(
                f"{self._file} cannot be written: {error.strerror or error}",
                hint="set DOCKER_CONFIG to a folder of your own",
            ) from None

    def _entries(self, document: _Document) -> Mapping[str, Any]:
        return table_in(self._file, document, "auths")

    def _forget(self, document: _Document, host: str) -> bool:
        entries = self._entries(document)
        left = _without(entries, host)
        if len(left) == len(entries):
            return False
        document["auths"] = left
        return True

    def _name_helper(self, document: _Document, server: str, helper: str) -> None:
        document["credHelpers"] = {**table_in(self._file, document, "credHelpers"), server: helper}

    def _text(self, document: _Document, file: Path) -> str:
        try:
            return _text(document, file.read_text("utf-8") if file.exists() else "")
        except ValueError:
            raise ConfigurationError(
                f"{self._file} holds a number or text that cannot be written again", hint="remove the file"
            ) from None


def _entry(credentials: Credentials) -> dict[str, str]:
    if credentials.identity_token:
        encoded = base64.b64encode(f"{credential_helpers.IDENTITY_USER}:".encode()).decode()
        return {"auth": encoded, "identitytoken": credentials.identity_token}
    return {"auth": credentials.basic.removeprefix("Basic ")}


def _without(entries: Mapping[str, Any], host: str, *, keep: str | None = None) -> dict[str, Any]:
    """The entries without those of a host, whatever older programs called it."""
    wanted = normal_key(host)
    return {key: entry for key, entry in entries.items() if normal_key(key) != wanted or key == keep}


def _text(document: Mapping[str, Any], before: str) -> str:
    """The document as the file had it: with its indentation, or docker's."""
    match = _INDENTED.match(before.lstrip("\ufeff \t\r\n"))
    is_one_line = bool(before.strip()) and match is None and "\n" not in before.strip()
    indent = None if is_one_line else match[1] if match else "\t"
    separators = (",", ":") if is_one_line and ": " not in before else None
    text = json.dumps(document, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False)
    text.encode()  # half a character can be read from JSON and not be written
    return text + ("\n" if before.endswith("\n") else "")


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock; the file stays, as taking it away would let two hold one each."""
    import fcntl

    with file.open("a") as stream:
        file.chmod(_FILE_MODE)
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
