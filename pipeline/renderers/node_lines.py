"""Lines of fields in YAML nodes, as far as a field is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.model.documents.yaml_nodes import Node
from pipeline.model.manifests import Body
from pipeline.model.validation.field_paths import Steps

_KEYS = ("name", "containerPort", "port", "mountPath", "key", "ip", "topologyKey", "type")
"""What tells items of a list apart that patches may have moved."""


@dataclass(frozen=True, slots=True)
class Found:
    """How far a field was found: the 1-based line of the last key or item on the way, and how many steps that were."""

    line: int
    depth: int
    node: Node | None
    """Its value; ``None`` where the way ends before the field."""

    def says_more_than(self, other: Found) -> bool:
        """Of a patch: whether it is where the field was written, and not what is patched."""
        if self.node is None or other.node is None:
            return self.depth > other.depth
        return bool(self.node.id == "scalar")


def find(root: Node, steps: Steps, body: Body) -> Found:
    """The key or item that the steps lead to; ``body`` is the object as it was built, whose lists may be longer."""
    return _find(root, steps, 0, body)


def find_in_operations(operations: Node, steps: Steps, body: Body) -> Found | None:
    """The same in a JSON patch: by the last of its operations that writes the field, or what the field is in."""
    for operation in reversed(operations.value if operations.id == "sequence" else ()):
        pointer, value = text_of(value_at(operation, "path")), value_at(operation, "value")
        if pointer is None or value is None:
            continue
        inside = _below(pointer, steps)
        if inside is not None:
            # In a list, the operation may have written another item: then the keys in it are other ones.
            found = _find(value, steps, inside, value_in(body, steps[:inside]))
            if found.node is not None or _is_like(value, value_in(body, steps[:inside])):
                return Found(line_of(operation), inside, value) if found.depth == inside else found
    return None


def value_at(node: Node, *keys: str) -> Node | None:
    """What stands at a path of keys."""
    for key in keys:
        if node is None or node.id != "mapping":
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node


def items_of(node: Node | None) -> Sequence[Node]:
    """The items of a list; nothing where it is none."""
    return node.value if node is not None and node.id == "sequence" else ()


def text_of(node: Node | None) -> str | None:
    """The text of a scalar."""
    return node.value if node is not None and node.id == "scalar" else None


def line_of(node: Node) -> int:
    """The 1-based line on which it begins."""
    return int(node.start_mark.line) + 1


def value_in(value: Any, steps: Iterable[str | int]) -> Any:  # noqa: ANN401 - any JSON value
    """What the steps lead to in an object; ``None`` where there is nothing."""
    for step in steps:
        value = _inside(value, step)
    return value


def with_items(document: Node) -> Iterator[Node]:
    """A document, and what is in it where it is a list of objects."""
    if document is None:
        return
    yield document
    for item in items_of(value_at(document, "items")):
        yield from with_items(item)


def _find(root: Node, steps: Steps, first: int, value: Any) -> Found:  # noqa: ANN401 - any JSON value
    node, line = root, line_of(root)
    for depth in range(first, len(steps)):
        found = _step(node, steps[depth], value)
        if found is None:
            return Found(line, depth, None)
        line, node = found
        value = _inside(value, steps[depth])
    return Found(line, len(steps), node)


def _step(node: Node, step: str | int, holder: Any) -> tuple[int, Node] | None:  # noqa: ANN401 - any JSON value
    """What a step leads to, with the line of its key or of the item; ``holder`` is what was built there."""
    if node.id == "mapping":
        pair = next((pair for pair in node.value if str(pair[0].value) == str(step)), None)
        return None if pair is None else (line_of(pair[0]), pair[1])
    item = None
    if node.id == "sequence":
        item = _item(node, step, holder) if isinstance(step, int) else _keyed(node, step)
    return None if item is None else (line_of(item), item)


def _item(sequence: Node, index: int, built: Any) -> Node | None:  # noqa: ANN401 - any JSON value
    """The item with the same key, as what was built may have others before it; else the one at that place."""
    value = _inside(built, index)
    if isinstance(value, dict):
        for key in _KEYS:
            if key in value:
                fitting = [item for item in sequence.value if text_of(value_at(item, key)) == str(value[key])]
                if len(fitting) == 1:
                    return fitting[0]
    # Without a key, or where it was renamed, the place counts: but only if nothing was put into the list.
    is_whole = not isinstance(built, list) or len(built) == len(sequence.value)
    return sequence.value[index] if is_whole and index < len(sequence.value) else None


def _keyed(sequence: Node, step: str) -> Node | None:
    """The item that a comparison names by its merge key, such as ``name=main``."""
    key, _, value = step.partition("=")
    return next((item for item in sequence.value if text_of(value_at(item, key)) == value), None)


def _inside(value: Any, step: str | int) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return value[step]
    except (LookupError, TypeError):
        return None


def _below(pointer: str, steps: Steps) -> int | None:
    """How many steps a JSON pointer leads, if it leads to the field or to what it is in; ``-`` is any item."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if not 0 < len(parts) <= len(steps):
        return None
    pairs = zip(parts, steps, strict=False)
    return len(parts) if all(part in (str(step), "-") for part, step in pairs) else None


def _is_like(node: Node, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether the value may have been written there: it has the same name, where it has any."""
    if not isinstance(value, dict):
        return True
    key = next((key for key in _KEYS if key in value), None)
    return key is None or text_of(value_at(node, key)) == str(value[key])
