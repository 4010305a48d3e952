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
        self._documents: dict[str, tuple[Node, ...]] = {}

    def locate(self, resource: Resource, path: str) -> Origin | None:
        """The field's line in a plain manifest or in the file that a kustomization took the object from.

        Of a chart the template is known and no line: what is rendered has other lines. See the port.
        """
        origin = resource.origin
        if origin is None or origin.chart is not None or origin.line is None or not path:
            return origin
        root = next((node for node in self._objects(origin.file) if _line(node) == origin.line), None)
        if root is None:
            return origin
        return replace(origin, line=_line_of(root, steps_of(path), resource.body))

    def _objects(self, file: str) -> Iterator[Node]:
        if file not in self._documents:
            content = self._read(file)
            self._documents[file] = () if content is None else _compose(content)
        for document in self._documents[file]:
            yield from _with_items(document)


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
        elif node.id == "sequence" and isinstance(step, int):
            item = _item(node, step, value)
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


def _value(node: Node, key: str) -> Node | None:
    if node.id != "mapping":
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _text(node: Node | None) -> str | None:
    return node.value if node is not None and node.id == "scalar" else None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
