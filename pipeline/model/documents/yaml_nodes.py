"""YAML as trees of nodes, each with its place: what libyaml composes, before anybody says what a scalar means."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from pipeline.model.documents.json_reading import MAX_DEPTH
from pipeline.model.documents.yaml_scalars import PLAIN, QUOTED

if TYPE_CHECKING:
    from pipeline.model.objects import Locate

Path = tuple[str | int, ...]
Node = Any
"""``yaml.ScalarNode``, ``SequenceNode`` or ``MappingNode``; their published types lack ``id``, the fast way to tell."""

_COLLECTION = "collection"
_LIMITS_NESTING = (0, 2, 6)
"""Since this version, libyaml refuses by itself more than 1000 levels, which the stack of every thread can hold."""


def composed(content: bytes, *, is_watched: bool) -> Iterator[Node]:
    """The root of every document; untagged scalars have the tag ``PLAIN`` or ``QUOTED``, nothing else has.

    ``is_watched`` refuses what is nested deeper than ``MAX_DEPTH``, which takes a third of the time: two calls a node.

    Raises:
        yaml.YAMLError: it is no YAML, from the document on that is none.
    """
    unwatched, watched = _loader_classes()
    loader = (watched if is_watched else unwatched)(content)
    try:
        while loader.check_node():
            yield loader.get_node()
    finally:
        loader.dispose()


@cache
def can_be_unwatched() -> bool:
    """Whether depth may be left to libyaml, so that hostile input cannot overflow the stack."""
    from yaml._yaml import get_version

    return get_version() >= _LIMITS_NESTING


def compose_nodes(content: bytes) -> list[Node]:
    """The root of every document, for who looks for places; nothing where it is no YAML."""
    import yaml

    try:
        return list(composed(content, is_watched=not can_be_unwatched()))
    except yaml.YAMLError:
        return []


def locator(root: Node) -> Locate:
    """Tells the place of what is in a document, or of the nearest parent that is there."""

    def locate(path: Path) -> tuple[int, int]:
        node = root
        for part in path:
            node = _child(node, part) or node
        return node.start_mark.line + 1, node.start_mark.column + 1

    return locate


def _child(node: Node, part: str | int) -> Node | None:
    if node.id == "sequence" and isinstance(part, int):
        return node.value[part]
    if node.id == "mapping":
        return next((value for key, value in node.value if str(key.value) == part), None)
    return None


@cache
def _loader_classes() -> tuple[type[Any], type[Any]]:
    import yaml
    from yaml._yaml import CParser

    class Composer(CParser):
        """Composes nodes and leaves their meaning to who reads them: no resolver of PyYAML's runs."""

        def resolve(self, kind: object, value: object, implicit: Any) -> str:  # noqa: ANN401, ARG002 - PyYAML's
            if value is None:
                return _COLLECTION
            return PLAIN if implicit[0] else QUOTED

    class Unwatched(Composer):
        # What is called before and after each node: built-in functions without effect cost least.
        descend_resolver = operator.is_
        ascend_resolver = bool

    class Watched(Composer):
        depth = 0

        def descend_resolver(self, current_node: Node, current_index: object) -> None:  # noqa: ARG002 - PyYAML's
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise yaml.MarkedYAMLError(None, None, f"nested deeper than {MAX_DEPTH}", current_node.start_mark)

        def ascend_resolver(self) -> None:
            self.depth -= 1

    return Unwatched, Watched
