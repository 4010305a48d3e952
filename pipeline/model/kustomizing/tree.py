"""An artifact's files as a tree of kustomizations, which are read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import join, normpath
from typing import Any

from pipeline.errors import ManifestError
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES

MANIFEST_SUFFIXES = (".yaml", ".yml")
"""What Flux takes for manifests; JSON is not among them."""


class Tree:
    """Files by their path from the root, ``/`` between folders; the root folder itself is ``""``."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Take the files.

        Raises:
            ManifestError: a path is absolute, leads out of the tree, or is written in a way that tools disagree about.
        """
        self.files = files
        self._folders = {""}
        self._read: dict[str, Mapping[str, Any]] = {}
        for path in files:
            if not path or resolve("", path) != path or "\0" in path:
                raise ManifestError(f"the artifact holds a file whose path is {path[:200]!r}; expected a plain path")
            folder = parent(path)
            while folder not in self._folders:
                self._folders.add(folder)
                folder = parent(folder)

    def has_folder(self, path: str) -> bool:
        """Whether there is such a folder; empty ones do not exist."""
        return path in self._folders

    def below(self, folder: str) -> Iterator[str]:
        """Paths of the files in the folder and its folders, sorted."""
        prefix = f"{folder}/" if folder else ""
        return iter(sorted(path for path in self.files if path.startswith(prefix)))

    def kustomization_file(self, folder: str) -> str | None:
        """Path of the folder's kustomization, or ``None``.

        Raises:
            ManifestError: there are several.
        """
        found = [path for name in KUSTOMIZATION_FILES if (path := join(folder, name)) in self.files]
        if len(found) > 1:
            raise ManifestError(f"{found[0]}: there is {found[1]} too; a folder is one kustomization", hint=_ONE)
        return found[0] if found else None

    def kustomization(self, folder: str) -> Mapping[str, Any] | None:
        """What the folder's kustomization says, or ``None`` where there is none.

        Raises:
            ManifestError: it cannot be read.
        """
        file = self.kustomization_file(folder)
        if file is None:
            return None
        if file not in self._read:
            self._read[file] = _read_mapping(self.files[file], file)
        return self._read[file]


_ONE = "keep kustomization.yaml and remove the other"


def parent(path: str) -> str:
    """The folder that a path is in."""
    return path.rpartition("/")[0]


def resolve(folder: str, path: str) -> str | None:
    """A path as seen from a folder, from the root; ``None`` where it is absolute or leads out of the tree."""
    if path.startswith("/"):
        return None
    whole = normpath(join(folder, path))
    if whole == ".." or whole.startswith("../"):
        return None
    return "" if whole == "." else whole


def _read_mapping(content: bytes, file: str) -> Mapping[str, Any]:
    from pipeline.model.documents.yaml_reading import read_documents

    # As kustomize does, the first document counts.
    body, line = next(read_documents(content, file), ({}, 1))
    if not isinstance(body, Mapping):
        raise ManifestError(f"{file}:{line}:1: expected a kustomization, which is a mapping")
    return body
