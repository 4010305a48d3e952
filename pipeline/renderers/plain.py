"""Plain manifests: one file, a folder with all below it, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from pipeline.errors import ManifestError, UsageError
from pipeline.model.attestation.materials import Material
from pipeline.model.images.lock import LOCK_FILE
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.manifests import Resource
from pipeline.model.settings.sources import Source

STANDARD_INPUT = PurePath("-")
SUFFIXES = (".yaml", ".yml", ".json")
_OURS = frozenset({"gitless.yaml", LOCK_FILE})
_OTHERS = {
    "Chart.yaml": "a Helm chart",
    **dict.fromkeys(KUSTOMIZATION_FILES, "a kustomization"),
}


class PlainRenderer:
    """Reads manifests as they are; takes whatever no other renderer recognises."""

    name = "plain"

    def recognises(self, folder: PurePath) -> bool:  # noqa: ARG002 - the port's signature
        """Always: this is the last of the renderers to be asked."""
        return True

    def render(self, source: Source) -> Sequence[Resource]:
        """Read every ``*.yaml``, ``*.yml`` and ``*.json`` file in the order of their paths.

        Hidden files and folders (``.name``) and gitless's own files are passed over; links are followed only within
        the folder.

        Raises:
            ManifestError: a file cannot be read, or there is none.
            UsageError: the path does not exist.
        """
        from pipeline.model.documents.yaml_reading import read_manifests

        if source.path == STANDARD_INPUT:
            return read_manifests(sys.stdin.buffer.read(), "stdin")
        path = Path(source.path)
        if not path.exists():
            raise UsageError(f"{path} does not exist", hint="expected a folder, a file, or - for standard input")
        files = list(_files(path)) if path.is_dir() else [path]
        if not files:
            raise ManifestError(
                f"{path}: no manifests in this folder", hint=f"expected files whose names end in {', '.join(SUFFIXES)}"
            )
        return [resource for file in files for resource in read_manifests(_content(file), str(file))]

    def materials(self, source: Source) -> Sequence[Material]:  # noqa: ARG002 - the port's signature
        """None: manifests stand for themselves."""
        return ()


def _files(root: Path) -> Iterator[Path]:
    real_root = root.resolve()
    found: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if folder != str(root):
            _check_folder(folder, names)
        for name in folders:
            if (link := Path(folder, name)).is_symlink():
                _check_link(link, real_root)
        for name in names:
            if name.startswith(".") or not name.endswith(SUFFIXES) or name in _OURS:
                continue
            file = Path(folder, name)
            if file.is_symlink():
                _check_link(file, real_root)
            if not file.is_file():
                raise ManifestError(f"{file} is no regular file", hint="remove it from the folder")
            found.append(file)
    yield from sorted(found, key=lambda file: file.relative_to(root).parts)


def _check_folder(folder: str, names: Sequence[str]) -> None:
    for name in names:
        if name in _OTHERS:
            raise ManifestError(
                f"{folder} holds {_OTHERS[name]} in the middle of plain manifests",
                hint=f"give {folder} as a source of its own, and move the plain manifests or it to another folder",
            )


def _check_link(link: Path, real_root: Path) -> None:
    """A link within the folder does no harm; one that leads out would pack what nobody looks at."""
    try:
        target = link.resolve()
    except (OSError, RuntimeError):
        raise ManifestError(f"{link} is a link that leads to itself", hint="remove it from the folder") from None
    if not target.is_relative_to(real_root):
        raise ManifestError(
            f"{link} is a link to {target}, outside of the folder",
            hint="copy the file into the folder, or give its folder as a source of its own",
        )


def _refuse(error: OSError) -> None:
    raise ManifestError(f"{error.filename}: {error.strerror}")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ManifestError(f"{file}: {error.strerror}") from None
