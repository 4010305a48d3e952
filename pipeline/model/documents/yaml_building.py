"""From the nodes of YAML to plain JSON data, as Go has it; what readers would not agree about is refused."""

from __future__ import annotations

from sys import intern
from typing import Any, NoReturn

from pipeline.errors import ManifestError
from pipeline.model.documents.yaml_nodes import Node
from pipeline.model.documents.yaml_scalars import PLAIN, QUOTED, SPECIAL_FIRST, read_plain, read_tagged

ALIAS_ALLOWANCE = 100_000
"""Nodes that aliases may add to what the file holds by itself, before it counts as an attack on memory."""


class Builder:
    """Turns nodes into data; one per file, so that what aliases add is counted over all of it."""

    def __init__(self, file: str, size: int, deepest: int) -> None:
        self._file = file
        self._budget = size + ALIAS_ALLOWANCE
        self._deepest = deepest
        self._keys: dict[str, str] = {}

    def build(self, node: Node, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
        """The value of a node.

        Raises:
            ManifestError: Kubernetes cannot hold it, it is nested too deeply, or aliases unfold into too much.
        """
        if node.id == "scalar":
            return self._scalar(node)
        self._budget -= len(node.value) + 1
        if self._budget < 0 or depth > self._deepest:
            self._refuse(
                node, "aliases (*name) unfold into too much data", "write the values out, or use fewer aliases"
            )
        return (self._sequence if node.id == "sequence" else self._mapping)(node, depth + 1)

    def _sequence(self, node: Node, depth: int) -> list[Any]:
        return [
            item.value if item.tag is PLAIN and item.value[:1] not in SPECIAL_FIRST else self.build(item, depth)
            for item in node.value
        ]

    def _mapping(self, node: Node, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] | None = None
        keys = self._keys
        for key_node, value_node in node.value:
            key = keys.get(key_node.value) if key_node.tag is PLAIN and not key_node.style else None
            if key is None:
                if key_node.value == "<<" and key_node.tag in {PLAIN, "tag:yaml.org,2002:merge"}:
                    merged = self._merge(key_node, value_node, result, merged, depth)
                    continue
                key = self._key(key_node)
            if key in result:
                self._refuse_duplicate(node, key_node, key)
            tag = value_node.tag
            if tag is QUOTED or (tag is PLAIN and value_node.value[:1] not in SPECIAL_FIRST):
                result[key] = value_node.value
            else:
                result[key] = self.build(value_node, depth)
        return result if merged is None else {**merged, **result}

    def _scalar(self, node: Node) -> Any:  # noqa: ANN401 - any JSON scalar
        text = node.value
        if node.tag is QUOTED or (node.style and node.tag is PLAIN):
            # libyaml calls text in quotes plain where it has the tag "!".
            return text
        try:
            return read_plain(text) if node.tag is PLAIN else read_tagged(node.tag, text)
        except ValueError as error:
            self._refuse(node, str(error), "quote it if it is meant as text")

    def _key(self, node: Node) -> str:
        if node.id != "scalar":
            self._refuse(node, f"a {node.id} as a key", "keys of Kubernetes objects are text")
        key = self._scalar(node)
        if key is None or isinstance(key, float):
            what = "an empty (null) key" if key is None else f"the number {node.value} as a key"
            self._refuse(node, what, "quote the key; expected text")
        text = intern(str(key).lower() if isinstance(key, bool) else str(key))
        if node.tag is PLAIN and not node.style:
            self._keys[node.value] = text
        return text

    def _merge(
        self, key_node: Node, node: Node, so_far: dict[str, Any], merged: dict[str, Any] | None, depth: int
    ) -> dict[str, Any]:
        result = {} if merged is None else merged
        sources = node.value if node.id == "sequence" else [node]
        for source in reversed(sources):
            if source.id != "mapping":
                self._refuse(source, "'<<' merges something that is no mapping", "expected a mapping or a list of them")
            result.update(self.build(source, depth))
        for key in so_far:
            if key in result:
                # go-yaml v2 (kubectl) lets the merge win here, v3 (kustomize) the key: whoever wrote it must say.
                self._refuse(key_node, f"'<<' comes after the key '{key}', which it sets too", "put '<<' first")
        return result

    def _refuse_duplicate(self, mapping: Node, node: Node, key: str) -> NoReturn:
        first = next(other for other, _ in mapping.value if other.id == "scalar" and self._key(other) == key)
        self._refuse(
            node,
            f"the key '{key}' is there twice in one mapping, first on line {first.start_mark.line + 1}",
            "readers would silently drop one of the two: remove it",
        )

    def _refuse(self, node: Node, what: str, hint: str) -> NoReturn:
        mark = node.start_mark
        raise ManifestError(f"{self._file}:{mark.line + 1}:{mark.column + 1}: {what}", hint=hint)
