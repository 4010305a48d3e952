"""What a kustomization takes from elsewhere: remote bases and files, and charts that it has rendered."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from pipeline.environment import without_credentials
from pipeline.errors import ManifestError
from pipeline.model.attestation.materials import Material, MaterialKind
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.kustomizing.remotes import is_remote

_PARTS = ("resources", "bases", "components", "configurations", "crds", "generators", "transformers", "validators")
_MAX_KUSTOMIZATIONS = 1000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def kustomization_materials(kustomization: Path) -> Iterator[Material]:
    """Of the kustomization and of everything local that it includes; what cannot be read is left for kustomize."""
    waiting, seen = [kustomization], set[str]()
    while waiting and len(seen) < _MAX_KUSTOMIZATIONS:
        file = waiting.pop()
        real = os.path.realpath(file)
        if real in seen:
            continue
        seen.add(real)
        body = _read(file)
        yield from _charts(body)
        for entry in _entries(body):
            path = file.parent / entry
            # os.path answers no where a path is too long or a link leads to itself; pathlib raises.
            if os.path.isdir(path):  # noqa: PTH112
                waiting.extend(path / name for name in KUSTOMIZATION_FILES if os.path.isfile(path / name))  # noqa: PTH113
            elif not os.path.exists(path) and is_remote(entry):  # noqa: PTH110
                yield _base(entry)


def _base(address: str) -> Material:
    """One that is fetched; its ref is in ``?ref=`` or ``?version=``; only a ref that is a commit pins anything."""
    address = address.strip()
    url, _, query = address.partition("?")
    given = parse_qs(query)
    ref = next((given[key][0] for key in ("ref", "version") if key in given), "")
    digest = f"gitCommit:{ref}" if _COMMIT.fullmatch(ref) else ""
    forced, git, rest = url.partition("git::")
    plain = f"git::{without_credentials(rest)}" if git and not forced else without_credentials(url)
    return Material(MaterialKind.BASE, plain, ref, digest)


def _charts(body: Mapping[str, Any]) -> Iterator[Material]:
    listed = body.get("helmCharts")
    for chart in listed if isinstance(listed, list) else ():
        if isinstance(chart, Mapping) and isinstance(chart.get("name"), str):
            version, source = chart.get("version"), chart.get("repo")
            yield Material(
                MaterialKind.CHART,
                chart["name"],
                version if isinstance(version, str) else "",
                source=without_credentials(source) if isinstance(source, str) else "",
            )


def _entries(body: Mapping[str, Any]) -> Iterator[str]:
    for key in _PARTS:
        listed = body.get(key)
        yield from (entry for entry in (listed if isinstance(listed, list) else ()) if _is_path(entry))


def _is_path(entry: object) -> bool:
    """An inline document has more than one line; what has a NUL in it is no path either."""
    return isinstance(entry, str) and "\n" not in entry.strip() and "\0" not in entry


def _read(file: Path) -> Mapping[str, Any]:
    from pipeline.model.documents.yaml_reading import read_documents

    try:
        body = next((body for body, _ in read_documents(file.read_bytes(), str(file))), None)
    except (OSError, ManifestError):
        return {}
    return body if isinstance(body, Mapping) else {}
