"""What a target is built from: every file that its settings, kustomizations and charts name, and what those name.

Paths are relative to the checkout's root, with slashes. A name counts whether it exists or not: what a kustomization
lost is what broke it. Fields that name files: kustomize ``api/types/kustomization.go``, Helm ``Chart.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, join
from typing import Any, Protocol

from pipeline.errors import ManifestError
from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.images.lock import LOCK_FILE
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.kustomizing.tree import resolve

_CHART_FILES = ("Chart.yaml", "requirements.yaml")
_KUSTOMIZATION_FIELDS = frozenset(
    ("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators",
     "patches", "patchesstrategicmerge", "patchesjson6902", "replacements", "configmapgenerator", "secretgenerator",
     "openapi", "helmcharts", "helmchartinflationgenerator")
)  # fmt: skip
_NO_PATHS = frozenset(("target", "options", "literals", "name", "namespace", "type", "behavior", "releasename", "repo"))
"""Fields inside of these that hold names and values, never files."""
_SETTINGS_FIELDS = frozenset(("path", "values", "crds", "policies", "kyverno", "opa", "previous", "keys", "lock"))
_SOURCE_FIELDS = frozenset(("path", "values"))
_LOCAL = "file://"


class Files(Protocol):
    """The files of a checkout."""

    def read(self, path: str) -> bytes | None:
        """The file's content; ``None`` where there is no such file."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether there is such a folder."""
        ...


class Tree:
    """The files of a checkout, each looked at once, however many targets have it."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._folders: dict[str, bool] = {}
        self._documents: dict[str, Mapping[str, Any] | None] = {}

    def is_folder(self, path: str) -> bool:
        """Whether there is such a folder."""
        if path not in self._folders:
            self._folders[path] = self._files.is_folder(path)
        return self._folders[path]

    def exists(self, path: str) -> bool:
        """Whether there is such a folder or file."""
        return self.is_folder(path) or self._files.read(path) is not None

    def document(self, path: str) -> Mapping[str, Any] | None:
        """What a YAML file holds; empty where it cannot be read, ``None`` where there is no such file."""
        if path not in self._documents:
            content = self._files.read(path)
            self._documents[path] = None if content is None else _body(content, path)
        return self._documents[path]


def _body(content: bytes, path: str) -> Mapping[str, Any]:
    try:
        body = next((body for body, _ in read_documents(content, path)), None)
    except ManifestError:
        return {}
    return body if isinstance(body, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a target is built from.

    Attributes:
        files: single files.
        folders: folders of which every file counts.
    """

    files: frozenset[str]
    folders: frozenset[str]

    def touched(self, changed: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
        """Those of the changed paths that are among them, sorted."""
        return tuple(sorted({path for path in changed if path in self.files or self._is_inside(path)}))

    def _is_inside(self, path: str) -> bool:
        return any(not folder or path.startswith(f"{folder}/") for folder in self.folders)


def inputs_of(settings: Mapping[str, Any], file: str, tree: Tree) -> Inputs:
    """Everything that the settings of one target lead to; ``file`` is where they are written."""
    visit = _Visit(tree)
    folder = dirname(file)
    visit.files |= {join(folder, LOCK_FILE), join(folder, ".sourceignore")}
    for path in _texts(settings, _SETTINGS_FIELDS, is_inside=False):
        visit.follow(folder, path)
    return Inputs(frozenset(visit.files), frozenset(visit.folders))


def missing_sources(settings: Mapping[str, Any], file: str, tree: Tree) -> tuple[str, ...]:
    """Sources and values files that the settings of one target name and the checkout does not have, as they are named.

    What is elsewhere than in the checkout is nothing that a checkout can tell of.
    """
    holders = (settings, *mapping_at(settings, "targets").values())
    sources = [holder.get("sources") for holder in holders if isinstance(holder, Mapping)]
    paths = {text: _resolved(dirname(file), text) for text in _texts(sources, _SOURCE_FIELDS, is_inside=False)}
    return tuple(text for text, path in paths.items() if path is not None and not tree.exists(path))


def effective(body: Mapping[str, Any], target: str) -> dict[str, Any]:
    """What a settings file says to one target: the others left out, and the sources that count."""
    own = mapping_at(body, "targets", target)
    common = {key: value for key, value in body.items() if key != "targets"}
    if own.get("sources"):
        common.pop("sources", None)
    return {**common, "targets": {target: dict(own)}} if target else common


class _Visit:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self._seen: set[str] = set()

    def follow(self, folder: str, name: str) -> None:
        """Take what the name means from within the folder, and all that it leads to."""
        path = _resolved(folder, name)
        if path is None or path in self._seen:
            return
        self._seen.add(path)
        if self._tree.is_folder(path):
            self._folder(path)
            return
        self.files.add(path)
        if path.rpartition("/")[2] in KUSTOMIZATION_FILES:
            self._kustomization(dirname(path), path)

    def _folder(self, path: str) -> None:
        candidates = [join(path, name) for name in KUSTOMIZATION_FILES]
        found = [file for file in candidates if self._tree.document(file) is not None]
        if found:
            self.files.update(candidates)
            for file in found:
                self._kustomization(path, file)
            return
        self.folders.add(path)
        for name in _CHART_FILES:
            for _, dependency in items_at(self._tree.document(join(path, name)) or {}, "dependencies"):
                repository = text_at(dependency, "repository")
                if repository.startswith(_LOCAL):
                    self.follow(path, repository.removeprefix(_LOCAL))

    def _kustomization(self, folder: str, file: str) -> None:
        body = self._tree.document(file) or {}
        for key, value in body.items():
            if key.casefold() in _KUSTOMIZATION_FIELDS:
                for text in _texts(value, _KUSTOMIZATION_FIELDS, is_inside=True):
                    self._entry(folder, text)
        home = text_at(body, "helmGlobals", "chartHome") or "charts"
        for _, chart in items_at(body, "helmCharts"):
            self.follow(folder, join(home, text_at(chart, "name")))

    def _entry(self, folder: str, text: str) -> None:
        """A path, or ``key=path`` as generators have it."""
        self.follow(folder, text)
        _, equals, path = text.partition("=")
        if equals:
            self.follow(folder, path)


def _texts(value: object, fields: frozenset[str], *, is_inside: bool) -> Iterator[str]:
    """Every text below one of the fields."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            name = str(key).casefold()
            if not (is_inside and name in _NO_PATHS):
                yield from _texts(inner, fields, is_inside=is_inside or name in fields)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, fields, is_inside=is_inside)
    elif is_inside and isinstance(value, str) and value and "\n" not in value:
        yield value


def _resolved(folder: str, name: str) -> str | None:
    """The path from the root; ``None`` where it is an address, absolute, or leads out of the checkout."""
    return None if "://" in name or "\0" in name else resolve(folder, name)
