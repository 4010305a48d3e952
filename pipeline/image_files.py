"""YAML files on disk that image policies and markers are in: which ones there are, and what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigurationError, ManifestError
from pipeline.model.documents.untyped import text_at
from pipeline.model.images.markers import KEY
from pipeline.model.images.policy_reading import GROUP
from pipeline.model.manifests import Origin, Resource

SUFFIXES: Final = (".yaml", ".yml")
_NAMES: Final = frozenset({"Kustomization"})
_MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PolicyObjects:
    """Objects of Flux's image group, and files that have some but cannot be read, each with the reason."""

    resources: tuple[Resource, ...]
    unreadable: tuple[str, ...]


def yaml_files(paths: Sequence[Path], *tokens: bytes) -> Iterator[tuple[Path, bytes]]:
    """Files below the paths whose bytes hold one of the tokens, in order; links and ``.git`` are passed over.

    Raises:
        ConfigurationError: a path does not exist, or a file cannot be read.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path} does not exist", hint="expected a folder or a YAML file")
        for file in [path] if path.is_file() else _below(path):
            content = _content(file)
            if any(token in content for token in tokens) and file.resolve() not in seen:
                seen.add(file.resolve())
                yield file, content


def marked_files(paths: Sequence[Path]) -> dict[str, bytes]:
    """Files below the paths that may hold a marker, in whatever encoding.

    Raises:
        ConfigurationError: a path does not exist, or a file cannot be read.
    """
    tokens = [KEY.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")]
    return {str(file): content for file, content in yaml_files(paths, *tokens)}


def policy_objects(paths: Sequence[Path]) -> PolicyObjects:
    """Every object of Flux's image group below the paths.

    Raises:
        ConfigurationError: a path does not exist, or a file cannot be read.
    """
    from pipeline.model.documents.yaml_reading import read_documents

    resources: list[Resource] = []
    unreadable: list[str] = []
    for file, content in yaml_files(paths, GROUP.encode()):
        try:
            for body, line in read_documents(content, str(file)):
                is_policy = isinstance(body, Mapping) and text_at(body, "apiVersion").startswith(f"{GROUP}/")
                if is_policy and text_at(body, "kind") and text_at(body, "metadata", "name"):
                    resources.append(Resource.from_body(body, Origin(str(file), line)))
        except ManifestError as error:
            unreadable.append(error.message)
    return PolicyObjects(tuple(resources), tuple(unreadable))


def _below(root: Path) -> Iterator[Path]:
    found: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=_refuse):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            file = Path(folder, name)
            if (name.endswith(SUFFIXES) or name in _NAMES) and not file.is_symlink() and file.is_file():
                found.append(file)
    yield from sorted(found, key=lambda file: file.parts)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"{file} has more than {_MAX_BYTES} bytes")
    return content


def _refuse(error: OSError) -> None:
    raise ConfigurationError(f"{error.filename}: {error.strerror}")
