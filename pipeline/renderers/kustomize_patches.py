"""What kustomizations change after objects were read: patches in files and in the kustomization itself, and images.

Source: kustomize's reference ("patches", "patchesStrategicMerge", "patchesJson6902", "images"). A patch with a target
is for what the target names, whatever it names itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigurationError
from pipeline.model.documents.untyped import mapping_at, texts_of
from pipeline.model.documents.yaml_nodes import Node, compose_nodes
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.label_selector import LabelSelector
from pipeline.model.manifests import Body, Resource
from pipeline.model.validation.field_paths import Steps
from pipeline.renderers.node_lines import (
    Found,
    find,
    find_in_operations,
    items_of,
    line_of,
    text_of,
    value_at,
    value_in,
)
from pipeline.renderers.places import Patch

_MAX_DEPTH: Final = 30
_PLAIN: Final = re.compile(r"[A-Za-z0-9.-]+")
"""A name in a target that is no regular expression."""
_ALL: Final = LabelSelector()


@dataclass(frozen=True, slots=True)
class _Target:
    """Which objects a patch is for; what is empty, or a regular expression, may be any."""

    kind: str = ""
    name: str = ""
    labels: LabelSelector = _ALL

    def covers(self, resource: Resource) -> bool:
        """By the name that the object had before prefixes and suffixes were put to it."""
        labels = texts_of(mapping_at(resource.body, "metadata", "labels"))
        is_of_kind = not self.kind or self.kind == resource.id.kind
        return is_of_kind and self.name in resource.id.name and self.labels.matches(labels)


@dataclass(frozen=True, slots=True)
class _TextPatch:
    """A strategic merge patch, or the operations of a JSON patch; ``first`` is the line of its text's first one."""

    file: str
    node: Node
    first: int = 1
    has_lines: bool = True
    """Whether the text's lines are those of the file."""
    target: _Target = _Target()

    def find(self, steps: Steps, body: Body) -> Found | None:
        """See the protocol."""
        found = (find_in_operations if self.node.id == "sequence" else find)(self.node, steps, body)
        if found is None:
            return None
        return replace(found, line=self.first + found.line - 1 if self.has_lines else self.first)


@dataclass(frozen=True, slots=True)
class _Image:
    """An entry of ``images``: where an image has got its tag or its digest."""

    file: str
    node: Node
    target: _Target = _Target()

    def find(self, steps: Steps, body: Body) -> Found | None:
        """See the protocol."""
        image = value_in(body, steps)
        name = text_of(value_at(self.node, "newName")) or text_of(value_at(self.node, "name"))
        if steps[-1] != "image" or not name or not isinstance(image, str) or not image.startswith(name):
            return None
        for sign, key in (("@", "digest"), (":", "newTag")):
            said = value_at(self.node, key)
            if said is not None and image.removeprefix(name).startswith(f"{sign}{text_of(said)}"):
                return Found(line_of(said), len(steps), said)
        return None


class Patches:
    """What the kustomizations at these paths, and their bases, change."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def of(self, resource: Resource) -> Iterator[Patch]:
        """What changes an object: outer kustomizations before their bases, later patches before earlier ones."""
        return (patch for patch in self._all if patch.target.covers(resource))

    @cached_property
    def _all(self) -> tuple[_TextPatch | _Image, ...]:
        seen: set[Path] = set()
        return tuple(patch for path in self._paths for patch in _patches(path, seen, 0))


def _patches(path: Path, seen: set[Path], depth: int) -> Iterator[_TextPatch | _Image]:
    file = next(
        (path / name for name in KUSTOMIZATION_FILES if (path / name).is_file()),
        path if path.name in KUSTOMIZATION_FILES else None,
    )
    if file is None or file.resolve() in seen or depth > _MAX_DEPTH:
        return
    seen.add(file.resolve())
    for root in _documents(file):
        yield from (_Image(normpath(file), entry) for entry in items_of(value_at(root, "images")))
        for entry in reversed(list(_entries(root))):
            yield from _from_entry(file, entry)
        for key in ("components", "resources", "bases"):
            for item in items_of(value_at(root, key)):
                yield from _patches(file.parent / (text_of(item) or ""), seen, depth + 1)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A patch as a kustomization lists it: its target, if it has one, and its text or its file's name."""

    target: Node | None
    said: Node
    is_file: bool


def _entries(root: Node) -> Iterator[_Entry]:
    for item in items_of(value_at(root, "patchesStrategicMerge")):
        text = text_of(item) or ""
        yield _Entry(None, item, "\n" not in text and not text.startswith("{"))
    for key in ("patchesJson6902", "patches"):
        for item in items_of(value_at(root, key)):
            inline = value_at(item, "patch")
            said = value_at(item, "path") if inline is None else inline
            if said is not None:
                yield _Entry(value_at(item, "target"), said, inline is None)


def _from_entry(kustomization: Path, entry: _Entry) -> Iterator[_TextPatch]:
    text = text_of(entry.said) or ""
    if entry.is_file:
        file = kustomization.parent / text
        patches = [_TextPatch(normpath(file), node) for node in _documents(file)]
    else:
        # Only a literal block has the lines of the text.
        is_literal, line = entry.said.style == "|", line_of(entry.said)
        nodes = compose_nodes(text.encode("utf-8", "replace"))
        patches = [_TextPatch(normpath(kustomization), node, line + is_literal, is_literal) for node in nodes if node]
    for patch in patches:
        yield from _for_target(patch, entry.target)


def _for_target(patch: _TextPatch, target: Node | None) -> Iterator[_TextPatch]:
    """The patch for what it is for; one that is for nothing that can be told is left out."""
    holder, name = (patch.node, ("metadata", "name")) if target is None else (target, ("name",))
    selector = None if target is None else text_of(value_at(target, "labelSelector"))
    kind, named = _plain(value_at(holder, "kind")), _plain(value_at(holder, *name))
    if target is None and not (kind and named):
        return
    try:
        labels = LabelSelector.parse(selector or "")
    except ConfigurationError:
        return  # kustomize has something to say about it
    yield replace(patch, target=_Target(kind, named, labels))


def _plain(node: Node | None) -> str:
    text = text_of(node) or ""
    return text if _PLAIN.fullmatch(text) else ""


def _documents(file: Path) -> list[Node]:
    """What is in a file; nothing where it cannot be read."""
    try:
        return [node for node in compose_nodes(file.read_bytes()) if node is not None]
    except OSError:
        return []
