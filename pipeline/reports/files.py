"""Results in files: whole or not at all."""

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
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            # mkstemp's 0600 is for secrets of one user; this is to be read by whoever the umask allows.
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror or error}", hint="choose another folder, or correct its rights"
        ) from None


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
