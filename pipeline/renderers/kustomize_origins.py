"""Where the objects of a kustomization were written, read from its sources.

kustomize can tell this itself (``buildMetadata: [originAnnotations]``), but only if the kustomization asks for it. An
overlay around it that asks costs half of the build's time again, drops the users' own annotation of that name, and
knows files without lines. Reading the sources while kustomize runs costs nothing and changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import ManifestError
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.objects import Locate

_GENERATORS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}
_MAX_DEPTH = 30


class Origins:
    """Answers where an object of the build comes from."""

    def __init__(self, fallback: Origin) -> None:
        self._fallback = fallback
        self._found: defaultdict[str, defaultdict[str, list[Origin]]] = defaultdict(lambda: defaultdict(list))

    def add(self, kind: str, name: str, origin: Origin) -> None:
        """Remember a place."""
        places = self._found[kind][name]
        if origin not in places:
            places.append(origin)

    def of(self, object_id: ObjectId) -> Origin:
        """The one place that fits: by the same name, or by the longest name that prefixes and suffixes were put to."""
        named: Mapping[str, list[Origin]] = self._found.get(object_id.kind, {})
        fitting = [object_id.name] if object_id.name in named else _parts(object_id.name, named)
        places = named[fitting[0]] if len(fitting) == 1 else []
        return places[0] if len(places) == 1 else self._fallback


def find_origins(kustomization: Path) -> Origins:
    """Read the kustomization and what it refers to; what cannot be read is left for kustomize to complain about."""
    origins = Origins(Origin(str(kustomization)))
    seen: set[Path] = set()
    _visit(kustomization, origins, seen, 0)
    return origins


def _parts(name: str, named: Mapping[str, object]) -> list[str]:
    fitting = [candidate for candidate in named if candidate and candidate in name]
    longest = max(map(len, fitting), default=0)
    return [candidate for candidate in fitting if len(candidate) == longest]


def _visit(kustomization: Path, origins: Origins, seen: set[Path], depth: int) -> None:
    real = kustomization.resolve()
    if real in seen or depth > _MAX_DEPTH:
        return
    seen.add(real)
    for body, _, locate in documents_of(kustomization):
        if not isinstance(body, Mapping):
            continue
        for key, kind in _GENERATORS.items():
            _add_generated(body, key, kind, kustomization, locate, origins)
        for reference in texts_in(body, "resources", "bases", "components"):
            _follow(kustomization.parent / reference, origins, seen, depth)


def _follow(path: Path, origins: Origins, seen: set[Path], depth: int) -> None:
    if path.is_dir():
        for name in KUSTOMIZATION_FILES:
            if (path / name).is_file():
                _visit(path / name, origins, seen, depth + 1)
                return
    elif path.is_file():
        for body, line, locate in documents_of(path):
            _add_object(body, path, line, locate, origins)


def _add_object(body: object, file: Path, line: int, locate: Locate, origins: Origins) -> None:
    if not isinstance(body, Mapping):
        return
    metadata = body.get("metadata")
    kind = body.get("kind")
    if isinstance(metadata, Mapping) and isinstance(kind, str) and isinstance(metadata.get("name"), str):
        origins.add(kind, metadata["name"], Origin(_plain(file), line))
    elif isinstance(body.get("items"), list):
        for index, item in enumerate(body["items"]):
            _add_object(item, file, locate(("items", index))[0], locate, origins)


def _add_generated(body: Mapping[str, Any], key: str, kind: str, file: Path, locate: Locate, origins: Origins) -> None:
    entries = body.get(key)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            origins.add(kind, entry["name"], Origin(_plain(file), locate((key, index))[0]))


def documents_of(file: Path) -> Iterator[tuple[Any, int, Locate]]:
    """What is in a file; nothing where it cannot be read."""
    from pipeline.model.documents.yaml_reading import read_located

    try:
        yield from read_located(file.read_bytes(), str(file))
    except (OSError, ManifestError):
        return


def texts_in(body: Mapping[str, Any], *keys: str) -> Iterator[str]:
    """Every text in the lists under these keys."""
    for key in keys:
        values = body.get(key)
        yield from (value for value in (values if isinstance(values, list) else ()) if isinstance(value, str))


def _plain(file: Path) -> str:
    """Without the ``..`` that an overlay's way to its base leaves in the middle."""
    import os.path

    return os.path.normpath(file)
