"""From documents to Kubernetes objects: lists taken apart, identity checked, every complaint with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from pipeline.errors import ManifestError
from pipeline.model.documents.json_types import type_in_words
from pipeline.model.manifests import Origin, Resource

Locate = Callable[[tuple[str | int, ...]], tuple[int, int]]
"""Line and column, both 1-based, of what a path of keys and indexes leads to (or of the nearest parent)."""

_FOREIGN_HINTS = {
    "Kustomization": "this is a kustomization: give its folder as a source of its own",
    "Component": "this is a kustomize component: refer to it from a kustomization",
}


def resources_of(body: object, file: str, line: int, locate: Locate) -> Iterator[Resource]:
    """The object in one document, or the objects of a list.

    Raises:
        ManifestError: apiVersion, kind or metadata.name is missing or of the wrong type.
    """
    yield from _resources(body, file, (), line, locate)


def _resources(body: object, file: str, path: tuple[str | int, ...], line: int, locate: Locate) -> Iterator[Resource]:
    if isinstance(body, Mapping) and _is_list(body):
        for index, item in enumerate(body.get("items") or ()):
            place = (*path, "items", index)
            yield from _resources(_typed(item, body), file, place, locate(place)[0], locate)
        return
    _check(body, _Place(file, path, locate))
    yield Resource.from_body(body, Origin(file, line))  # type: ignore[arg-type] # _check has seen that it is a mapping


def _is_list(body: Mapping[str, Any]) -> bool:
    kind = body.get("kind")
    if not isinstance(kind, str) or not kind.endswith("List"):
        return False
    metadata = body.get("metadata")
    if isinstance(metadata, Mapping) and metadata.get("name"):
        return False
    return isinstance(body.get("items"), list) or (kind == "List" and body.get("items") is None)


def _typed(item: object, of: Mapping[str, Any]) -> object:
    """Items of a typed list (``ConfigMapList``) may leave out what the list's own type says."""
    if not isinstance(item, Mapping) or of["kind"] == "List" or "kind" in item:
        return item
    return {"apiVersion": of.get("apiVersion"), "kind": of["kind"].removesuffix("List"), **item}


class _Place:
    """Where complaints about one object point to."""

    def __init__(self, file: str, path: tuple[str | int, ...], locate: Locate) -> None:
        self._file = file
        self._path = path
        self._locate = locate

    def refuse(self, what: str, *path: str | int, hint: str | None = None) -> NoReturn:
        line, column = self._locate((*self._path, *path))
        raise ManifestError(f"{self._file}:{line}:{column}: {what}", hint=hint)


def _check(body: object, place: _Place) -> None:
    if not isinstance(body, Mapping):
        place.refuse(f"a document that is {type_in_words(body)}; expected an object with apiVersion, kind and metadata")
    for key in ("apiVersion", "kind"):
        value = body.get(key)
        if value is None or value == "":
            place.refuse(
                f"{key} is missing; expected an object with apiVersion, kind and metadata.name",
                hint="files that are no Kubernetes manifests do not belong into the source",
            )
        if not isinstance(value, str):
            place.refuse(f"{key} is {type_in_words(value)}; expected text", key, hint="quote it")
    metadata = body.get("metadata")
    kind = body["kind"]
    if metadata is not None and not isinstance(metadata, Mapping):
        place.refuse(f"metadata of this {kind} is {type_in_words(metadata)}; expected a mapping", "metadata")
    name = metadata.get("name") if metadata else None
    if name is None or name == "":
        _refuse_nameless(kind, metadata, place)
    for key in ("name", "namespace"):
        value = metadata.get(key) if metadata else None
        if value is not None and not isinstance(value, str):
            place.refuse(
                f"metadata.{key} of this {kind} is {type_in_words(value)}; expected text",
                "metadata",
                key,
                hint="quote it",
            )
    for key in ("labels", "annotations"):
        _check_texts(metadata.get(key) if metadata else None, key, f"{kind} {name}", place)


def _refuse_nameless(kind: str, metadata: Mapping[str, Any] | None, place: _Place) -> NoReturn:
    if metadata and metadata.get("generateName"):
        place.refuse(
            f"this {kind} has generateName instead of a name; expected metadata.name",
            "metadata",
            "generateName",
            hint="an object that is named anew at every apply can be neither compared nor pruned: give it a name",
        )
    place.refuse(f"metadata.name of this {kind} is missing", "metadata", hint=_FOREIGN_HINTS.get(kind))


def _check_texts(values: object, key: str, subject: str, place: _Place) -> None:
    if values is None:
        return
    if not isinstance(values, Mapping):
        place.refuse(
            f"metadata.{key} of {subject} is {type_in_words(values)}; expected a mapping of text", "metadata", key
        )
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            place.refuse(
                f"metadata.{key} of {subject}: the value of '{name}' is {type_in_words(value)}; expected text",
                "metadata",
                key,
                name,
                hint="quote it",
            )
