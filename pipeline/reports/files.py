"""Files that are written whole or not at all: results, and manifests that name an image."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.errors import ConfigurationError


def write_whole(file: Path, content: bytes) -> None:
    """Write beside the file and rename, so that nobody ever sees half of it; folders are made as needed.

    Raises:
        ConfigurationError: the place cannot be written to.
    """
    try:
        # mkstemp's 0600 is for secrets of one user; this is to be read by whoever the umask allows.
        _replace(file, content, 0o666 & ~_umask())
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror or error}", hint="choose another folder, or correct its rights"
        ) from None


def rewrite(file: Path, content: bytes) -> None:
    """Replace what a file holds, whole or not at all; it keeps its mode, and is made where there is none.

    A link stays one: what it leads to is replaced.

    Raises:
        ConfigurationError: it cannot be written.
    """
    file = file.resolve()
    try:
        _replace(file, content, file.stat().st_mode & 0o7777 if file.exists() else 0o644)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}") from None


def _replace(file: Path, content: bytes, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        temporary.chmod(mode)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
