"""Folders as the files in them, for packing and unpacking: the one place where artifacts meet the file system."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pipeline.errors import ConfigurationError, ManifestError, UsageError
from pipeline.model.artifact.ignore import DEFAULT_PATTERNS, FILE_NAME, IgnoreRules
from pipeline.model.artifact.unpacking import ArchiveEntry
from pipeline.whole_files import umask

STREAM_NAME = "manifests.yaml"
"""Under which name standard input is packed: always the same, so that its digest is."""


def read_input(
    path: str, *, ignored: Sequence[str] = (), default_ignores: bool = True, output: str | None = None
) -> list[tuple[str, bytes]]:
    """Every file of a folder, one file alone, or standard input for ``-``, as ``(path, content)``.

    A ``.sourceignore`` counts for its folder and below; ``ignored`` patterns are stronger, the defaults weaker.
    Links to files inside the folder are packed as what they point at. ``output``, the layout that is written, is left
    out where it lies inside, or every run would pack the one before. Nothing else is left out silently.

    Raises:
        UsageError: the path does not exist or there is nothing on standard input.
        ManifestError: something cannot be read or packed.
        ConfigurationError: an ignore pattern cannot be read.
    """
    if path == "-":
        content = sys.stdin.buffer.read()
        if not content.strip():
            raise UsageError("there is nothing on standard input")
        return [(STREAM_NAME, content)]
    root = Path(path)
    try:
        if root.is_file():
            return [(root.name, root.read_bytes())]
        if not root.is_dir():
            raise UsageError(f"{path} does not exist")
        rules = IgnoreRules.of(DEFAULT_PATTERNS if default_ignores else ())
        root = root.resolve()
        strongest = IgnoreRules.of(ignored)
        if output is not None and (inside := Path(output).resolve()).is_relative_to(root) and inside != root:
            strongest = strongest.within("", [_exactly(inside.relative_to(root).as_posix())])
        return list(_walk(root, "", rules, strongest))
    except OSError as error:
        raise ManifestError(f"{error.filename or path}: {error.strerror or error}") from None


def _walk(root: Path, folder: str, rules: IgnoreRules, strongest: IgnoreRules) -> Iterator[tuple[str, bytes]]:
    with os.scandir(root / folder) as entries:
        found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    own = next((entry for entry in found if entry.name == FILE_NAME and entry.is_file()), None)
    if own is not None:
        rules = rules.within(folder, _lines(own.path), origin=own.path)
    everything = IgnoreRules((*rules.sets, *strongest.sets))
    for entry in found:
        path = f"{folder}/{entry.name}" if folder else entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if everything.ignores(path, is_folder=is_folder):
            continue
        if is_folder:
            yield from _walk(root, path, rules, strongest)
        else:
            yield path, _content(root, path, entry)


def _exactly(folder: str) -> str:
    """The gitignore pattern of this one folder."""
    return "/" + re.sub(r"([\\*?\[\]! #])", r"\\\1", folder) + "/"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8") from None


def _content(root: Path, path: str, entry: os.DirEntry[str]) -> bytes:
    if entry.is_file(follow_symlinks=False):
        with open(entry.path, "rb", buffering=0) as stream:  # noqa: PTH123 - half the time of Path, a thousand times
            return stream.readall()
    if not entry.is_symlink():
        _refuse(path, "is neither a file, a folder nor a link")
    target = Path(entry.path).resolve()
    if not target.is_relative_to(root):
        _refuse(path, "is a link that leads out of the folder")
    if target.is_dir():
        _refuse(path, "is a link to a folder")
    if not target.is_file():
        _refuse(path, "is a link to nothing")
    return target.read_bytes()


def _refuse(path: str, complaint: str) -> NoReturn:
    raise ManifestError(f"{path} {complaint}", hint=f"replace it, or leave it out with --ignore-path '/{path}'")


@dataclass(frozen=True, slots=True)
class UnpackedFolder:
    """What was written where: the number of files and their bytes, and the links that were left out."""

    folder: str
    files: int
    size: int
    left_out: tuple[str, ...] = ()


def write_folder(entries: Iterable[ArchiveEntry], target: Path) -> UnpackedFolder:
    """Unpack into a temporary folder, then put the whole in its place; if that fails, nothing is left of it.

    The target must not exist or be empty: what is there is never mixed with what comes. An empty folder that is there
    is filled rather than replaced, since it may be a mount or somebody's working directory.

    Raises:
        UsageError: the target has something in it or is no folder.
        ConfigurationError: it cannot be written.
    """
    exists = check_target(target)
    beside = target if exists else target.absolute().parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".gitless-", dir=beside))
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror or error}") from None
    try:
        written = _write(entries, staging, target)
        if exists:
            _move_content(staging, target)
        else:
            staging.chmod(0o777 & ~umask())
            staging.rename(target)
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return written


def _move_content(staging: Path, target: Path) -> None:
    moved = []
    try:
        for child in sorted(staging.iterdir()):
            place = target / child.name
            if place.is_symlink() or place.exists():
                raise FileExistsError(errno.EEXIST, "somebody else has written into it", str(target))
            child.rename(place)
            moved.append(place)
    except OSError:
        for place in moved:
            shutil.rmtree(place) if place.is_dir() else place.unlink()
        raise


def check_target(target: Path) -> bool:
    """Whether the target is there; refused where it is not empty, which is best known before anything is fetched.

    Raises:
        UsageError: it has something in it or is no folder.
    """
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror or error}") from None
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{target} exists and is not a folder", hint="name a new or an empty folder")
    if any(target.iterdir()):
        raise UsageError(f"{target} is not empty", hint="name a new or an empty folder")
    return True


def _write(entries: Iterable[ArchiveEntry], folder: Path, target: Path) -> UnpackedFolder:
    files = size = 0
    left_out = []
    for entry in entries:
        path = folder / entry.path
        if entry.link_target is not None:
            left_out.append(entry.path)
        elif entry.is_folder:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                stream.write(entry.content)
            if entry.is_executable:
                path.chmod(0o777 & ~umask())
            files, size = files + 1, size + len(entry.content)
    return UnpackedFolder(str(target), files, size, tuple(left_out))
