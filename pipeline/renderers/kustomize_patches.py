"""The patches of kustomizations: which files of them change an object, and where in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import Any

from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.manifests import ObjectId, Origin
from pipeline.renderers.kustomize_origins import documents_of, texts_in

_MAX_DEPTH = 30


class Patches:
    """The strategic merge patches, in files of their own, of the kustomizations at these paths and of their bases."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def of(self, object_id: ObjectId) -> Iterator[Origin]:
        """Where an object is patched, outer kustomizations before their bases.

        A patch names the object as the base does, before prefixes and suffixes are put to its name.
        """
        for kind, name, origin in self._all:
            if kind == object_id.kind and name in object_id.name:
                yield origin

    @cached_property
    def _all(self) -> tuple[tuple[str, str, Origin], ...]:
        seen: set[Path] = set()
        return tuple(patch for path in self._paths for patch in _patches(path, seen, 0))


def _patches(path: Path, seen: set[Path], depth: int) -> Iterator[tuple[str, str, Origin]]:
    file = next(
        (path / name for name in KUSTOMIZATION_FILES if (path / name).is_file()),
        path if path.name in KUSTOMIZATION_FILES else None,
    )
    if file is None or file.resolve() in seen or depth > _MAX_DEPTH:
        return
    seen.add(file.resolve())
    for body, _, _ in documents_of(file):
        if not isinstance(body, Mapping):
            continue
        for name in reversed(list(_patch_files(body))):
            yield from _in_file(file.parent / name)
        for name in texts_in(body, "components", "resources", "bases"):
            yield from _patches(file.parent / name, seen, depth + 1)


def _patch_files(body: Mapping[str, Any]) -> Iterator[str]:
    yield from texts_in(body, "patchesStrategicMerge")
    patches = body.get("patches")
    for patch in patches if isinstance(patches, list) else ():
        if isinstance(patch, Mapping) and isinstance(patch.get("path"), str):
            yield patch["path"]


def _in_file(file: Path) -> Iterator[tuple[str, str, Origin]]:
    if not file.is_file():
        return
    for body, line, _ in documents_of(file):
        metadata = body.get("metadata") if isinstance(body, Mapping) else None
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        if isinstance(name, str) and name and isinstance(body.get("kind"), str):
            yield body["kind"], name, Origin(normpath(file), line)
