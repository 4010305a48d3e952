"""Files that are written whole or not at all: beside the place they are for, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ConfigurationError


def write_whole(file: Path, content: bytes) -> None:
    """Write a result, so that nobody ever sees half of it; folders are made as needed.

    What is no file, such as a pipe or ``/dev/stdout``, is written to and stays what it is.

    Raises:
        ConfigurationError: the place cannot be written to.
    """
    try:
        if _is_stream(file):
            file.write_bytes(content)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        # To be read by whoever the umask allows.
        with replacing(file, 0o666 & ~umask()) as stream:
            stream.write(content)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror or error}", hint="choose another folder, or correct its rights"
        ) from None


def _is_stream(file: Path) -> bool:
    """Whether it is a pipe or device, or a name that the system gives to what this process has open."""
    is_given = file.is_symlink() and file.absolute().parts[1] in {"dev", "proc"}
    return is_given or (file.exists() and not file.is_file() and not file.is_dir())


def rewrite(file: Path, content: bytes) -> None:
    """Replace what a file holds; it keeps its mode, and is made where there is none.

    A link stays one: what it leads to is replaced.

    Raises:
        ConfigurationError: it cannot be written.
    """
    file = file.resolve()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file, file.stat().st_mode & 0o7777 if file.exists() else 0o644) as stream:
            stream.write(content)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}") from None


@contextmanager
def replacing(file: Path, mode: int, *, prefix: str = "", is_durable: bool = False) -> Iterator[BinaryIO]:
    """A new file that takes the place of the old one at the end, or leaves nothing where that is not reached.

    Until then nobody else can read it. ``prefix`` is how its own name begins; ``is_durable``: it is on the disk before
    the old one is gone.

    Raises:
        OSError: it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=prefix or f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            if is_durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def umask() -> int:
    """The process's."""
    current = os.umask(0o077)
    os.umask(current)
    return current
