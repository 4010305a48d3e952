"""Where the password of a private key comes from: a file, ``COSIGN_PASSWORD``, or a prompt, in this order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from pipeline.errors import ConfigurationError

VARIABLE = "COSIGN_PASSWORD"
"""cosign's own; set and empty means the empty password."""


def key_password(password_file: str | None, *, confirm: bool = False) -> Callable[[], bytes]:
    """A function that finds the password when it is needed, so that a key without one asks for nothing."""

    def read() -> bytes:
        if password_file is not None:
            return _from_file(password_file)
        if VARIABLE in os.environ:
            return os.fsencode(os.environ[VARIABLE])
        if not sys.stdin.isatty():
            raise ConfigurationError(
                "the private key needs a password, and there is no terminal to ask for it",
                hint=f"set {VARIABLE} or give --password-file",
                code="configuration.password",
            )
        label = "Password for the private key"
        text: str = click.prompt(
            label, default="", show_default=False, hide_input=True, confirmation_prompt=confirm, err=True
        )
        return text.encode("utf-8")

    return read


def _from_file(file: str) -> bytes:
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"password file {file}: {error.strerror or error}") from None
    # Editors and echo end the line; the password is what comes before.
    return content.removesuffix(b"\n").removesuffix(b"\r")
