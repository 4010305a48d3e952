"""The binary cache: outside the checkout, keyed by content, safe for several builders."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_root() -> Path:
    """``$GITLESS_CACHE``, else the user's cache directory."""
    explicit = os.environ.get("GITLESS_CACHE")
    if explicit:
        return Path(explicit).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "gitless"


def fingerprint(folder: Path, *context: str) -> str:
    """A short hash over the pinning files of a recipe and everything else that matters."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".mod", ".sum", ".go", ".txt", ".json"}:
            digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    for item in context:
        digest.update(item.encode() + b"\0")
    return digest.hexdigest()[:16]


@contextmanager
def locked(name: str, *, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of that name; ``waiting`` is called once when someone else has it."""
    folder = cache_root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def publish(target: Path, produce: Callable[[Path], None]) -> Path:
    """Let ``produce`` fill a temporary path beside ``target``, then rename it into place.

    A killed build leaves a temporary file, never half a binary under the real name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as scratch:
        fresh = Path(scratch) / target.name
        produce(fresh)
        fresh.replace(target)
    return target


def say(message: str) -> None:
    """One line of talk; results go to stdout, talk does not."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()
