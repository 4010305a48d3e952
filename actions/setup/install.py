"""Install gitless for the steps after this one: the wheel and its dependencies, each by its checksum.

Needs nothing but Python. The program goes into ``$RUNNER_TOOL_CACHE/gitless/VERSION/OS-ARCH`` and its folder of
commands onto ``$GITHUB_PATH``; where it is there already, only the latter. pip fetches from wherever pip's own
settings say (``PIP_INDEX_URL``, ``PIP_FIND_LINKS``, ...), and what has another checksum is refused.

    python3 install.py          install
    python3 install.py --plan   only say, as outputs, what would be installed and where
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
PIN = HERE / "gitless.txt"
OLDEST = (3, 11)
MARKER = "installed.json"
IS_WINDOWS = os.name == "nt"
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"linux": "linux", "darwin": "macos", "windows": "windows"}
_LONGEST = 2000

_SHELL = """#!/bin/sh
exec "$(dirname -- "$0")/../python/bin/python" -I -m pipeline "$@"
"""
_SHELL_ON_WINDOWS = """#!/bin/sh
exec "$(dirname -- "$0")/../python/Scripts/python.exe" -I -m pipeline "$@"
"""
_COMMAND_ON_WINDOWS = '@"%~dp0..\\python\\Scripts\\python.exe" -I -m pipeline %*\r\n'


class InstallError(Exception):
    """It cannot be installed; the message is for the user."""


def main(arguments: list[str]) -> int:
    """Install it, or say what would be; returns the exit code."""
    try:
        check_python(sys.version_info[:2])
        version = wanted_version(PIN.read_text(encoding="utf-8"), os.environ.get("GITLESS_SETUP_VERSION", ""))
        folder = tool_folder(version)
        if arguments == ["--plan"]:
            tell("GITHUB_OUTPUT", f"version={version}\npath={folder / 'bin'}\nkey={cache_key(version)}\n")
            return 0
        if is_installed(folder, version):
            print(f"gitless {version} is installed in {folder}")
        else:
            install(folder, version)
            print(f"gitless {version} was installed into {folder}")
        tell("GITHUB_PATH", f"{folder / 'bin'}\n")
        tell("GITHUB_OUTPUT", f"version={version}\npath={folder / 'bin'}\n")
    except (InstallError, OSError) as error:
        print(f"::error title=gitless setup::{escaped(str(error))}", flush=True)
        return 1
    return 0


def check_python(found: tuple[int, ...]) -> None:
    """Whether this Python will do.

    Raises:
        InstallError: it is too old.
    """
    if found < OLDEST:
        oldest, here = (".".join(map(str, version)) for version in (OLDEST, found))
        raise InstallError(
            f"gitless needs Python {oldest} or later, and this is {here}; put an `actions/setup-python` step first"
        )


def wanted_version(pin: str, asked: str) -> str:
    """The version that ``gitless.txt`` pins, which has to be the one that was asked for.

    Raises:
        InstallError: another one was asked for, or the file pins none.
    """
    found = re.search(r"^gitless-pipeline==([0-9A-Za-z.+!]+) ", pin, re.MULTILINE)
    if found is None or "--hash=sha256:" not in pin:
        raise InstallError(f"{PIN} does not pin gitless-pipeline with its checksum")
    version = found[1]
    asked = asked.strip().removeprefix("v")
    if asked not in ("", version):
        raise InstallError(
            f"this revision of the action knows the checksum of gitless {version} alone, not of {asked[:100]!r}: "
            "leave `version` away, or use the action's revision of that release"
        )
    return version


def tool_folder(version: str) -> Path:
    """Where this version belongs on this machine."""
    root = Path(os.environ.get("RUNNER_TOOL_CACHE") or Path.home() / ".cache" / "gitless-setup")
    system = platform.system().lower()
    machine = platform.machine().lower()
    name = f"{_SYSTEMS.get(system, system)}-{_ARCHITECTURES.get(machine, machine)}"
    return root.absolute() / "gitless" / version / name


def pins_digest() -> str:
    """What is installed, as one checksum."""
    return hashlib.sha256(REQUIREMENTS.read_bytes() + b"\0" + PIN.read_bytes()).hexdigest()


def cache_key(version: str) -> str:
    """The key of a cache of downloads: another one for whatever pip would download other files for."""
    machine = f"{platform.system()}-{platform.machine()}-{sys.version_info[0]}.{sys.version_info[1]}".lower()
    return f"gitless-{version}-{machine}-{pins_digest()[:16]}"


def is_installed(folder: Path, version: str) -> bool:
    """Whether exactly these files were installed there, and still run."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return marker == {"pins": pins_digest()} and version in answer(folder)


def answer(folder: Path) -> str:
    """What the program there says about its version; empty where it does not run."""
    command = [str(python_of(folder)), "-I", "-m", "pipeline", "--version"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITLESS_")}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def install(folder: Path, version: str) -> None:
    """Make it in a temporary folder beside, and rename that: whoever looks sees all of it or nothing.

    Raises:
        InstallError: pip refused or could not fetch something, or what was installed does not run.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".installing-", dir=folder.parent))
    try:
        fill(fresh)
        found = answer(fresh)
        if version not in found:
            raise InstallError(f"gitless {version} was installed and does not run; it said {found!r}")
        (fresh / MARKER).write_text(json.dumps({"pins": pins_digest()}), encoding="utf-8")
        fresh.chmod(0o755)
        put(fresh, folder, version)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def fill(fresh: Path) -> None:
    """A virtual environment, all packages, and commands that work wherever the folder is moved to."""
    run([sys.executable, "-I", "-m", "venv", str(fresh / "python")], "the virtual environment could not be made")
    options = ["--require-hashes", "--only-binary", ":all:", "--no-input", "--no-warn-script-location", "--quiet"]
    files = ["--requirement", str(REQUIREMENTS), "--requirement", str(PIN)]
    pip = [str(python_of(fresh)), "-I", "-m", "pip", "--disable-pip-version-check", "install", *options, *files]
    run(pip, "pip could not install gitless")
    commands = fresh / "bin"
    commands.mkdir()
    # Those that pip writes hold the path of the folder they were installed into.
    script = commands / "gitless"
    script.write_bytes((_SHELL_ON_WINDOWS if IS_WINDOWS else _SHELL).encode())
    script.chmod(0o755)
    if IS_WINDOWS:
        (commands / "gitless.cmd").write_bytes(_COMMAND_ON_WINDOWS.encode())


def put(fresh: Path, folder: Path, version: str) -> None:
    """Rename it into place; what is there already stays if it is the same, for others may be running it."""
    for _ in range(3):
        try:
            fresh.rename(folder)
        except OSError:
            if is_installed(folder, version):
                return
        else:
            return
        try:
            old = Path(tempfile.mkdtemp(prefix=".replaced-", dir=folder.parent))
            folder.rename(old / "old")
            shutil.rmtree(old, ignore_errors=True)
        except FileNotFoundError:
            # Somebody else has just moved it away.
            continue
    raise InstallError(f"{folder} is in the way: it is not this version of gitless and cannot be replaced")


def python_of(folder: Path) -> Path:
    """The virtual environment's Python."""
    return folder / "python" / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")


def run(command: list[str], failure: str) -> None:
    """Run it; what it prints is part of the message where it fails, and of nothing where it does not.

    Raises:
        InstallError: it failed.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-_LONGEST:]
        raise InstallError(f"{failure}: {said}")


def tell(variable: str, lines: str) -> None:
    """Append lines to the runner's file of that name; outside of a runner, print them."""
    file = os.environ.get(variable, "")
    if not file:
        print(lines, end="")
        return
    with Path(file).open("a", encoding="utf-8") as stream:
        stream.write(lines)


def escaped(text: str) -> str:
    """The text as the data of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
