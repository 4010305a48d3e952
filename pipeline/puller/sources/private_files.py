"""Secrets as files, for libraries that read nothing else: only we can read them, and they do not stay."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Lock

from pipeline.artifact_cache import CacheError
from pipeline.whole_files import replacing

_LIMIT = 512
_IN_USE = 600.0
"""Seconds for which a file is left alone after it was asked for, so that whoever asked can read it."""


class PrivateFiles:
    """Files by content, in a folder of mode 0700 that is emptied at the start. Safe in many threads."""

    def __init__(self, directory: str | Path) -> None:
        """Nothing is made before the first file is."""
        self._directory = Path(directory)
        self._lock = Lock()
        self._used: OrderedDict[str, float] = OrderedDict()
        self._is_ready = False

    def path_of(self, content: bytes) -> str:
        """A file with this content, mode 0600.

        Raises:
            CacheError: it cannot be written.
        """
        name = f"{hashlib.sha256(content).hexdigest()}.pem"
        path = self._directory / name
        with self._lock:
            try:
                self._prepare()
                if name not in self._used or not path.exists():
                    with replacing(path, 0o600) as stream:
                        stream.write(content)
            except OSError as error:
                raise CacheError(
                    f"{self._directory}: a certificate cannot be kept: {error.strerror or error}"
                ) from error
            self._used[name] = time.monotonic()
            self._used.move_to_end(name)
            self._evict()
        return str(path)

    def _prepare(self) -> None:
        if self._is_ready:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        for entry in self._directory.iterdir():
            entry.unlink()
        self._is_ready = True

    def _evict(self) -> None:
        while len(self._used) > _LIMIT:
            name, used = next(iter(self._used.items()))
            if time.monotonic() - used < _IN_USE:
                return
            del self._used[name]
            with suppress(OSError):
                (self._directory / name).unlink()
