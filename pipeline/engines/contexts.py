"""A build's context as one tar archive: what ignore files leave, sorted, owned by root.

Ignore files: ``.containerignore``, else ``.dockerignore``, by the rules of docker's "Build context" page.
"""

from __future__ import annotations

import io
import stat
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import IO

from pipeline.errors import ConfigurationError
from pipeline.model.images.engine import ImageBuild

CONTAINERFILES = ("Containerfile", "Dockerfile")
_IGNORE_FILES = (".containerignore", ".dockerignore")
_FOREIGN = ".gitless.containerfile"
"""The name in the archive of a Containerfile that is not in the context."""


def containerfile_of(build: ImageBuild) -> Path:
    """The file with the build's steps.

    Raises:
        ConfigurationError: there is none.
    """
    if not build.folder.is_dir():
        raise ConfigurationError(f"{build.folder} is not a folder", hint="name the folder with the Containerfile")
    candidates = (
        (build.containerfile,) if build.containerfile else tuple(build.folder / name for name in CONTAINERFILES)
    )
    found = next((file for file in candidates if file.is_file()), None)
    if found is None:
        raise ConfigurationError(
            f"{candidates[0]} is not there"
            if build.containerfile
            else f"{build.folder} has no {' or '.join(CONTAINERFILES)}",
            hint="name it: --containerfile FILE",
        )
    return found


def pack_context(build: ImageBuild, containerfile: Path) -> tuple[IO[bytes], str]:
    """The archive, at its beginning, and the Containerfile's name in it.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    root = build.folder.resolve()
    whole = containerfile.resolve()
    is_inside = whole.is_relative_to(root)
    name = whole.relative_to(root).as_posix() if is_inside else _FOREIGN
    stream: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        with closing(tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT)) as archive:
            for path in _included(root, name):
                _add(archive, root, path, build.epoch)
            if not is_inside:
                _add_text(archive, _FOREIGN, whole.read_bytes())
    except OSError as error:
        stream.close()
        raise ConfigurationError(
            f"{error.filename or build.folder} cannot be read: {error.strerror or error}"
        ) from None
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream, name


def _included(root: Path, containerfile: str) -> list[str]:
    from docker.utils.build import exclude_paths

    ignore = next((root / name for name in _IGNORE_FILES if (root / name).is_file()), None)
    lines = ignore.read_text(encoding="utf-8", errors="replace").splitlines() if ignore else []
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return sorted(exclude_paths(str(root), patterns, dockerfile=containerfile))


def _add(archive: tarfile.TarFile, root: Path, path: str, epoch: int | None) -> None:
    file = root / path
    kind = stat.S_IFMT(file.lstat().st_mode)
    if kind not in {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        return  # Sockets, pipes and devices are nothing that an image could be made of.
    info = archive.gettarinfo(file, arcname=path)
    if info.islnk():
        # A second name of the same file: each stands for itself.
        info.type, info.linkname, info.size = tarfile.REGTYPE, "", file.stat().st_size
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = int(info.mtime) if epoch is None else epoch
    if info.isreg():
        with file.open("rb") as content:
            archive.addfile(info, content)
    else:
        archive.addfile(info)


def _add_text(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))
