"""Where a field was written, found in the file that its object comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.model.documents.yaml_nodes import Node, compose_nodes
from pipeline.model.manifests import Body, ObjectId, Origin, Resource
from pipeline.model.validation.field_paths import Steps, steps_of

_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
"""What every patch repeats in order to say what it is for."""
_KEYS = ("name", "containerPort", "port", "mountPath", "key", "ip", "topologyKey", "type")
"""What tells items of a list apart that patches may have moved."""


class SourcePlaces:
    """Looks fields up in YAML and JSON; each file is read once, and only where somebody asks for something in it.

    ``read`` gives a file's content, or ``None`` where there is no such file. ``patches`` tells where the patches of an
    object are, whichever counts most first.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        patches: Callable[[ObjectId], Iterable[Origin]] = lambda _object_id: (),
    ) -> None:
        self._read = read
        self._patches = patches
        self._objects: dict[str, dict[int, Node]] = {}

    def locate(self, resource: Resource, path: str) -> Origin | None:
        """The field's line in a plain manifest or in the file that a kustomization took the object from.

        Of a chart the template is known and no line: what is rendered has other lines. See the port.
        """
        origin = resource.origin
        if origin is None or origin.chart is not None or origin.line is None or not path:
            return origin
        steps = steps_of(path)
        line, here = self._line(origin, steps, resource.body)
        for patch in () if steps in _IDENTITY else self._patches(resource.id):
            its_line, there = self._line(patch, steps, resource.body)
            if there is not None and (here is None or there.id == "scalar"):
                return replace(patch, line=its_line)
        return replace(origin, line=line)

    def _line(self, origin: Origin, steps: Steps, body: Body) -> tuple[int | None, Node | None]:
        """The line of a field with its value; of what is around it, without, where it is not there."""
        root = None if origin.line is None else self._at(origin.file, origin.line)
        return (origin.line, None) if root is None else _line_of(root, steps, body)

    def _at(self, file: str, line: int) -> Node | None:
        """The object that begins on a line."""
        if file not in self._objects:
            content = self._read(file)
            documents = () if content is None else compose_nodes(content)
            self._objects[file] = {_line(node): node for document in documents for node in _with_items(document)}
        return self._objects[file].get(line)


def read_file(file: str) -> bytes | None:
    """The content of a file on disk, if it can be read."""
    try:
        return Path(file).read_bytes()
    except OSError:
        return None


def _with_items(document: Node) -> Iterator[Node]:
    if document is None:
        return
    yield document
    items = _value(document, "items")
    if items is not None and items.id == "sequence":
        for item in items.value:
            yield from _with_items(item)


def _line_of(root: Node, steps: Steps, body: Body) -> tuple[int, Node | None]:
    """The line of the key or item that the steps lead to, or of the last one that is there."""
    node, line = root, _line(root)
    value: Any = body
    for step in steps:
        value = _inside(value, step)
        found = _step(node, step, value)
        if found is None:
            return line, None
        line, node = found
    return line, node


def _step(node: Node, step: str | int, value: Any) -> tuple[int, Node] | None:  # noqa: ANN401 - any JSON value
    """What a step leads to, with the line of its key or of the item."""
    if node.id == "mapping":
        pair = next((pair for pair in node.value if str(pair[0].value) == str(step)), None)
        return None if pair is None else (_line(pair[0]), pair[1])
    item = None
    if node.id == "sequence":
        item = _item(node, step, value) if isinstance(step, int) else _keyed(node, step)
    return None if item is None else (_line(item), item)


def _inside(value: Any, step: str | int) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return value[step]
    except (LookupError, TypeError):
        return None


def _item(sequence: Node, index: int, value: Any) -> Node | None:  # noqa: ANN401 - any JSON value
    """The item with the same key, as what was built may have others before it; else the one at that place."""
    if isinstance(value, dict):
        for key in _KEYS:
            if key in value:
                fitting = [item for item in sequence.value if _text(_value(item, key)) == str(value[key])]
                if len(fitting) == 1:
                    return fitting[0]
    return sequence.value[index] if index < len(sequence.value) else None


def _keyed(sequence: Node, step: str) -> Node | None:
    """The item that a comparison names by its merge key, such as ``name=main``."""
    key, _, value = step.partition("=")
    return next((item for item in sequence.value if _text(_value(item, key)) == value), None)


def _value(node: Node, key: str) -> Node | None:
    if node.id != "mapping":
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _text(node: Node | None) -> str | None:
    return node.value if node is not None and node.id == "scalar" else None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
