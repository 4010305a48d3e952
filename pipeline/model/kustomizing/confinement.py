"""What of a tree kustomize will read when it builds a folder, or why it must not be let near it.

kustomize run with load restrictions off reads any path that a kustomization names. So every field that names files is
followed here first (kustomize ``api/types/kustomization.go``, in any capitals, as Go's JSON reader ignores case), and
kustomize is given nothing but the files found this way, its kustomizations rewritten from what was read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import join
from typing import Any, NoReturn

from pipeline.errors import RefusedError
from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.documents.yaml_writing import write_document
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.kustomizing.remotes import is_remote
from pipeline.model.kustomizing.tree import Tree, resolve

MAX_KUSTOMIZATIONS = 1000
"""Kustomizations that one build may be made of."""

_PLUGIN_FIELDS = ("generators", "transformers", "validators")
_CHARTS = ("helmcharts", "helmchartinflationgenerator", "helmglobals")
_FUNCTIONS = ("config.kubernetes.io/function", "config.k8s.io/function")


class ConfinementError(RefusedError):
    """A kustomization asks for files outside of the artifact, or for programs to run."""

    code = "refused.confinement"


@dataclass(frozen=True, slots=True)
class Confined:
    """What a build may read.

    Attributes:
        files: content by path, kustomizations rewritten.
        leaves_roots: whether a kustomization names a file outside of its own folder, which kustomize must be told.
        has_remotes: whether something is to be fetched.
    """

    files: Mapping[str, bytes]
    leaves_roots: bool
    has_remotes: bool


def confine(files: Mapping[str, bytes], folder: str, *, allow_remotes: bool) -> Confined:
    """Find everything that the build of the folder reads.

    Raises:
        ConfinementError: a path leads out of the tree or to nothing, something is to be fetched though that is not
            allowed, or a program, a function or a chart is asked for.
        ManifestError: a kustomization cannot be read.
    """
    visit = _Visit(Tree(files), allow_remotes=allow_remotes)
    visit.root(folder)
    if visit.has_remotes and visit.leaves_roots:
        raise ConfinementError(
            f"{folder or '.'}: it has both remote bases and files outside of their kustomization's folder",
            hint="with remote bases, kustomize reads only files below each kustomization: move or copy the files there",
        )
    return Confined(visit.files, visit.leaves_roots, visit.has_remotes)


class _Visit:
    def __init__(self, tree: Tree, *, allow_remotes: bool) -> None:
        self._tree = tree
        self._allow_remotes = allow_remotes
        self._visited: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.leaves_roots = False
        self.has_remotes = False

    def root(self, folder: str) -> None:
        """Follow the folder's kustomization and everything that it leads to."""
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            if current in self._visited:
                continue
            self._visited.add(current)
            file = self._tree.kustomization_file(current)
            if file is None:
                raise ConfinementError(
                    f"{current or '.'} has no kustomization",
                    hint=f"expected one of {', '.join(KUSTOMIZATION_FILES)} in it",
                )
            if len(self._visited) > MAX_KUSTOMIZATIONS:
                raise ConfinementError(f"{file}: more than {MAX_KUSTOMIZATIONS} kustomizations in one build")
            content = self._tree.kustomization(current) or {}
            waiting.extend(_Kustomization(self, self._tree, current, file).follow(content))
            self.files[join(current, KUSTOMIZATION_FILES[0])] = write_document(content)

    def remote(self, file: str, path: str) -> None:
        """Note that something is to be fetched."""
        if not self._allow_remotes:
            raise ConfinementError(
                f"{file}: '{path[:200]}' is to be fetched from the network, which is not allowed here",
                hint="put it into the artifact when that is built (a rendered artifact has no remote bases)",
            )
        self.has_remotes = True


class _Kustomization:
    """One kustomization; every method that follows a field yields the folders which that leads to."""

    def __init__(self, visit: _Visit, tree: Tree, folder: str, file: str) -> None:
        self._visit = visit
        self._tree = tree
        self._folder = folder
        self._file = file

    def follow(self, content: Mapping[str, Any]) -> Iterator[str]:
        for key, value in content.items():
            name = key.casefold()
            if name in _CHARTS and value:
                self._refuse(f"'{key}' has charts rendered, which only programs can do", "render the chart in CI")
            if name in _PLUGIN_FIELDS:
                for entry in self._items(key, value):
                    yield from self._plugin(entry)
            elif name in _FIELDS:
                for entry in _FIELDS[name](self, key, value):
                    yield from self._entry(entry)

    def _entry(self, entry: str) -> Iterator[str]:
        """Take a file, or yield a folder."""
        if is_remote(entry):
            self._visit.remote(self._file, entry)
            return
        path = resolve(self._folder, entry)
        if path is None:
            self._refuse(f"'{entry[:200]}' is outside of the artifact", "expected a path inside of it")
        if path in self._tree.files:
            self._take(path)
        elif self._tree.has_folder(path):
            yield path
        else:
            self._refuse(f"'{entry[:200]}' is neither a file nor a folder of the artifact", "correct the path")

    def _take(self, path: str) -> None:
        prefix = f"{self._folder}/" if self._folder else ""
        self._visit.leaves_roots |= not path.startswith(prefix)
        self._visit.files.setdefault(path, self._tree.files[path])

    def _plugin(self, entry: object) -> Iterator[str]:
        """A plugin's configuration: inline, in a file, or in the folder of a kustomization."""
        if not isinstance(entry, str):
            self._refuse("a plugin is given that is neither a path nor its configuration", "expected text")
        if is_remote(entry):
            self._refuse(f"the plugin '{entry[:200]}' is to be fetched from the network", "put it into the artifact")
        path = resolve(self._folder, entry)
        if path is not None and path in self._tree.files:
            self._take(path)
            yield from self._configuration(self._tree.files[path], path)
            # What was read is what kustomize is to read.
            self._visit.files[path] = _rewritten(self._tree.files[path], path)
        elif path is not None and self._tree.has_folder(path):
            self._refuse(f"the plugin '{entry[:200]}' is a folder", "name the files in it, or write them inline")
        elif "\n" in entry:
            yield from self._configuration(entry.encode(), self._file)
        else:
            self._refuse(f"the plugin '{entry[:200]}' is no file of the artifact", "correct the path")

    def _configuration(self, content: bytes, file: str) -> Iterator[str]:
        for body, _ in read_documents(content, file):
            if not isinstance(body, Mapping) or body.get("apiVersion") != "builtin":
                self._refuse("a plugin that is not kustomize's own", "only plugins of apiVersion 'builtin' may be used")
            if "helm" in str(body.get("kind")).casefold():
                self._refuse("a plugin that renders charts", "render the chart in CI")
            metadata = body.get("metadata")
            annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
            if isinstance(annotations, Mapping) and any(key in annotations for key in _FUNCTIONS):
                self._refuse("a plugin that is a function", "functions run programs, and none are run here")
            for key, value in body.items():
                for entry in _PLUGIN_PATHS.get(key.casefold(), _no_paths)(self, key, value):
                    yield from self._entry(entry)

    def _items(self, key: str, value: object) -> Iterable[object]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self._refuse(f"the field '{key}' is no list", "correct it")
        return value

    def texts(self, key: str, value: object) -> Iterator[str]:
        for item in self._items(key, value):
            if not isinstance(item, str):
                self._refuse(f"the field '{key}' holds something that is no path", "expected text")
            yield item

    def inline_or_path(self, key: str, value: object) -> Iterator[str]:
        """Entries that kustomize tries as YAML and as a path; in neither sense may they lead out."""
        for item in self.texts(key, value):
            path = resolve(self._folder, item)
            if path is None:
                self._refuse(f"an entry of '{key}' is outside of the artifact", "expected a path inside of it")
            if path in self._tree.files or "\n" not in item or is_remote(item):
                yield item

    def paths_of(self, key: str, value: object) -> Iterator[str]:
        """The ``path`` of each mapping in a list."""
        for item in self._items(key, value):
            yield from self.path_of(key, item)

    def path_of(self, key: str, value: object) -> Iterator[str]:
        if isinstance(value, Mapping):
            for name, path in value.items():
                if name.casefold() == "path" and path:
                    yield from self.texts(f"{key}.path", [path])

    def generator_sources(self, key: str, value: object) -> Iterator[str]:
        for item in self._items(key, value):
            yield from self.sources_of(key, item)

    def sources_of(self, key: str, value: object) -> Iterator[str]:
        if isinstance(value, Mapping):
            for name, entry in value.items():
                yield from self.source(f"{key}.{name}", name, entry)

    def source(self, key: str, name: str, value: object) -> Iterator[str]:
        if name.casefold() == "files":
            yield from (text.partition("=")[2] if "=" in text else text for text in self.texts(key, value))
        elif name.casefold() == "envs":
            yield from self.texts(key, value)
        elif name.casefold() == "env" and value:
            yield from self.texts(key, [value])

    def _refuse(self, what: str, hint: str) -> NoReturn:
        raise ConfinementError(f"{self._file}: {what}", hint=hint)


_Paths = Callable[[_Kustomization, str, object], Iterator[str]]


def _no_paths(_: _Kustomization, __: str, ___: object) -> Iterator[str]:
    return iter(())


def _of_source(kustomization: _Kustomization, key: str, value: object) -> Iterator[str]:
    return kustomization.source(key, key, value)


_FIELDS: Mapping[str, _Paths] = {
    **dict.fromkeys(("resources", "bases", "components", "crds", "configurations"), _Kustomization.texts),
    **dict.fromkeys(("patches", "patchesjson6902", "replacements"), _Kustomization.paths_of),
    **dict.fromkeys(("configmapgenerator", "secretgenerator"), _Kustomization.generator_sources),
    "patchesstrategicmerge": _Kustomization.inline_or_path,
    "openapi": _Kustomization.path_of,
}
_PLUGIN_PATHS: Mapping[str, _Paths] = {
    "path": lambda kustomization, key, value: kustomization.texts(key, [value] if value else []),
    "paths": _Kustomization.inline_or_path,
    "replacements": _Kustomization.paths_of,
    "patches": _Kustomization.paths_of,
    **dict.fromkeys(("files", "envs", "env"), _of_source),
}


def _rewritten(content: bytes, file: str) -> bytes:
    return b"---\n".join(write_document(body) for body, _ in read_documents(content, file))
