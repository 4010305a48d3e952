"""What a chart is made of: itself, its dependencies as they are locked, and the lock."""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.environment import without_credentials
from pipeline.errors import ManifestError
from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.attestation.materials import Material, MaterialKind

_CHART, _LOCK = "Chart.yaml", "Chart.lock"
_OLD_CHART, _OLD_LOCK = "requirements.yaml", "requirements.lock"
"""Where charts of Helm 2 name their dependencies."""
_FILES = (_CHART, _LOCK, _OLD_CHART, _OLD_LOCK)
_MAX_BYTES = 1024 * 1024
_MAX_MEMBERS = 10_000


def chart_materials(chart: Path) -> Iterator[Material]:
    """Of a chart's folder or packed chart; what cannot be read is left for helm to complain about."""
    packed = chart.is_file()
    files = dict(_packed_files(chart) if packed else _folder_files(chart))
    about = _document(files.get(_CHART, b""))
    name, version = _text(about, "name"), _text(about, "version")
    if name:
        yield Material(MaterialKind.CHART, name, version, _digest(chart) if packed else "")
    lock = files.get(_LOCK) or files.get(_OLD_LOCK)
    if lock is not None:
        lock_name = _LOCK if _LOCK in files else _OLD_LOCK
        yield Material(MaterialKind.FILE, f"{name or chart.name}/{lock_name}", digest=sha256_digest(lock))
    named = _document(lock) if lock is not None else _document(files.get(_OLD_CHART, b"")) or about
    for dependency in _dependencies(named):
        name, version = _text(dependency, "name"), _text(dependency, "version")
        archive = chart / "charts" / f"{name}-{version}.tgz"
        digest = _digest(archive) if not packed and "/" not in name + version else ""
        if name:
            source = without_credentials(_text(dependency, "repository"))
            yield Material(MaterialKind.CHART, name, version, digest, source)


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name in _FILES:
        try:
            yield name, (folder / name).read_bytes()
        except OSError:
            continue


def _packed_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The files of the chart's own folder, which is the first part of every path in a packed chart."""
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for number, member in enumerate(packed):
                name = member.name.partition("/")[2]
                if name in _FILES and member.isfile() and member.size <= _MAX_BYTES:
                    file = packed.extractfile(member)
                    if file is not None:
                        yield name, file.read()
                if number >= _MAX_MEMBERS:
                    return
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return


def _document(content: bytes) -> Mapping[str, Any]:
    from pipeline.model.documents.yaml_reading import read_documents

    try:
        body = next((body for body, _ in read_documents(content, _CHART)), None)
    except ManifestError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _dependencies(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = document.get("dependencies")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping):
            yield item


def _digest(file: Path) -> str:
    """Of the file, if it is there and can be read."""
    try:
        with file.open("rb") as content:
            return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
    except (OSError, ValueError):
        return ""


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""
