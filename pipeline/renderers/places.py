"""Where a field was written, found in the file that its object comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pipeline.model.documents.yaml_nodes import Node, compose_nodes
from pipeline.model.manifests import Body, Origin, Resource
from pipeline.model.validation.field_paths import Steps, steps_of
from pipeline.renderers.node_lines import Found, find, line_of, with_items

_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
"""What every patch repeats in order to say what it is for."""


class Patch(Protocol):
    """Something that changes objects after they were read from their files."""

    @property
    def file(self) -> str:
        """Where it is written."""
        ...

    def find(self, steps: Steps, body: Body) -> Found | None:
        """The field in it, with the line in the file; ``None`` where it has nothing to do with it."""
        ...


class SourcePlaces:
    """Looks fields up in YAML and JSON; each file is read once, and only where somebody asks for something in it.

    ``read`` gives a file's content, or ``None`` where there is no such file. ``patches`` tells what patches an object,
    whichever counts most first.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        patches: Callable[[Resource], Iterable[Patch]] = lambda _resource: (),
    ) -> None:
        self._read = read
        self._patches = patches
        self._objects: dict[str, dict[int, Node]] = {}

    def locate(self, resource: Resource, path: str) -> Origin | None:
        """The field's line in a plain manifest, in the file that a kustomization took the object from, or in a patch.

        Of a chart the template is known and no line: what is rendered has other lines. See the port.
        """
        origin = resource.origin
        if origin is None or origin.chart is not None or origin.line is None or not path:
            return origin
        steps = steps_of(path)
        root = self._at(origin.file, origin.line)
        here = Found(origin.line, 0, None) if root is None else find(root, steps, resource.body)
        for patch in () if steps in _IDENTITY else self._patches(resource):
            there = patch.find(steps, resource.body)
            if there is not None and there.says_more_than(here):
                return replace(origin, file=patch.file, line=there.line)
        return replace(origin, line=here.line)

    def _at(self, file: str, line: int) -> Node | None:
        """The object that begins on a line."""
        if file not in self._objects:
            content = self._read(file)
            documents = () if content is None else compose_nodes(content)
            self._objects[file] = {line_of(node): node for document in documents for node in with_items(document)}
        return self._objects[file].get(line)


def read_file(file: str) -> bytes | None:
    """The content of a file on disk, if it can be read."""
    try:
        return Path(file).read_bytes()
    except OSError:
        return None
