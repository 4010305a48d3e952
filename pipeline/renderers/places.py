"""Where a field was written, found in the file that its object comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.model.manifests import Origin, Resource
from pipeline.model.validation.field_paths import Steps, steps_of

Node = Any
"""PyYAML's; see :mod:`pipeline.model.documents.yaml_reading`."""

_KEYS = ("name", "containerPort", "port", "mountPath", "key", "ip", "topologyKey", "type")
"""What tells items of a list apart that patches may have moved."""


class SourcePlaces:
    """Looks fields up in YAML and JSON; each file is read once, and only where somebody asks for something in it.

    ``read`` gives a file's content, or ``None`` where there is no such file.
    """

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._objects: dict[str, dict[int, Node]] = {}

    def locate(self, resource: Resource, path: str) -> Origin | None:
        """The field's line in a plain manifest or in the file that a kustomization took the object from.

        Of a chart the template is known and no line: what is rendered has other lines. See the port.
        """
        origin = resource.origin
        if origin is None or origin.chart is not None or origin.line is None or not path:
            return origin
        root = self._at(origin.file, origin.line)
        if root is None:
            return origin
        return replace(origin, line=_line_of(root, steps_of(path), resource.body))

    def _at(self, file: str, line: int) -> Node | None:
        """The object that begins on a line."""
        if file not in self._objects:
            content = self._read(file)
            documents = () if content is None else _compose(content)
            self._objects[file] = {_line(node): node for document in documents for node in _with_items(document)}
        return self._objects[file].get(line)


def read_file(file: str) -> bytes | None:
    """The content of a file on disk, if it can be read."""
    try:
        return Path(file).read_bytes()
    except OSError:
        return None


def _compose(content: bytes) -> tuple[Node, ...]:
    import yaml

    try:
        return tuple(yaml.compose_all(content, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError):
        return ()  # a stream of JSON objects, or a file that has changed since it was built


def _with_items(document: Node) -> Iterator[Node]:
    if document is None:
        return
    yield document
    items = _value(document, "items")
    if items is not None and items.id == "sequence":
        for item in items.value:
            yield from _with_items(item)


def _line_of(root: Node, steps: Steps, body: Any) -> int:  # noqa: ANN401 - any JSON value
    """The line of the key or item that the steps lead to, or of the last one that is there."""
    node, line, value = root, _line(root), body
    for step in steps:
        value = _inside(value, step)
        if node.id == "mapping":
            pair = next((pair for pair in node.value if str(pair[0].value) == str(step)), None)
            if pair is None:
                break
            line, node = _line(pair[0]), pair[1]
        elif node.id == "sequence":
            item = _item(node, step, value) if isinstance(step, int) else _keyed(node, step)
            if item is None:
                break
            line, node = _line(item), item
        else:
            break
    return line


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
