"""Platforms that stand on this machine: their state file, and the list of all of them.

A platform started from the command line describes itself in ``platform.json`` in
its directory; the cache lists the directories, so that ``down`` and ``status``
find them, after a crash too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .cache import cache_root
from .errors import PlatformError
from .processes import Record, recorded, stop_recorded

STATE = "platform.json"
REGISTRY_ADDRESS = "registry-address"
MARKER = ".gitless-platform"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a platform tells others about itself."""

    directory: str
    kubeconfig: str
    server: str
    registry: str

    def write(self) -> None:
        """Make it known in its directory and in the list."""
        directory = Path(self.directory)
        (directory / REGISTRY_ADDRESS).write_text(self.registry + "\n")
        (directory / STATE).write_text(json.dumps(asdict(self), indent=2) + "\n")

    def exports(self) -> str:
        """Lines for a shell to evaluate."""
        return f"export KUBECONFIG={self.kubeconfig}\nexport REGISTRY={self.registry}\n"


def default_directory() -> Path:
    """Where a platform stands unless told otherwise."""
    return cache_root() / "platform"


def claim(directory: Path) -> None:
    """Make a directory ours and put it on the list, before anything is started in it.

    Only an empty directory or one of ours is taken: starting replaces files there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / MARKER).exists() and any(directory.iterdir()):
        raise PlatformError(f"{directory} is not empty", hint="give a new directory: everything in it gets replaced")
    (directory / MARKER).touch()
    entry = _entry(directory)
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_text(str(directory))


def enlisted() -> list[Path]:
    """All directories on the list that still exist."""
    found = []
    for entry in (cache_root() / "standing").glob("*"):
        directory = Path(entry.read_text().strip())
        if directory.is_dir():
            found.append(directory)
        else:
            entry.unlink(missing_ok=True)
    return sorted(found)


def alive(directory: Path) -> list[Record]:
    """The programs of that platform that run now."""
    return [record for record in recorded(directory) if record.alive()]


def chosen(directory: Path | None) -> Path:
    """The directory meant: the one given, or the only one where something runs."""
    if directory is not None:
        return directory.absolute()
    running = [candidate for candidate in enlisted() if alive(candidate)]
    if len(running) > 1:
        names = ", ".join(map(str, running))
        raise PlatformError(f"several platforms are up: {names}", hint="say which one with --directory")
    return running[0] if running else default_directory()


def standing(directory: Path) -> Standing:
    """The description of the platform in that directory, if it is up."""
    state = directory / STATE
    if not state.exists() or not alive(directory):
        raise PlatformError(f"no platform is up in {directory}", hint="start one: python -m tests.platform up --detach")
    return Standing(**json.loads(state.read_text()))


def take_down(directory: Path) -> list[str]:
    """Stop what runs in that directory and forget it; returns what was stopped."""
    if not (directory / MARKER).exists():
        return []
    stopped = stop_recorded(directory)
    for name in (STATE, REGISTRY_ADDRESS, "kubeconfig"):
        (directory / name).unlink(missing_ok=True)
    _entry(directory).unlink(missing_ok=True)
    return stopped


def _entry(directory: Path) -> Path:
    return cache_root() / "standing" / hashlib.sha256(str(directory).encode()).hexdigest()[:16]
