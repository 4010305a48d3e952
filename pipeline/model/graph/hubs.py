"""What nearly everything needs would tie a large picture into one knot: such lines become words on the cards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pipeline.model.graph.graph import Edge, Graph, Node, Relation

SMALL: Final = 40
"""A graph of at most so many nodes keeps all its lines."""
_SHARED: Final = 4
"""So many lines to or from one node are too many."""
_SHARED_ACROSS: Final = 3
"""The same, for a node that is used from other groups."""
_VERBS: Final[Mapping[Relation, str]] = {
    Relation.OWNER: "owns",
    Relation.SELECTOR: "selects",
    Relation.REFERENCE: "uses",
    Relation.DEPENDS_ON: "after",
    Relation.SOURCE: "from",
    Relation.EVIDENCE: "shown by",
}


def without_hubs(graph: Graph) -> Graph:
    """The graph without lines to what is shared by many; both ends say so instead.

    Lines of owners stay: they are what a reader follows.
    """
    if len(graph.nodes) <= SMALL:
        return graph
    groups = {node.id: node.group for node in graph.nodes}
    wanted = Counter(edge.target for edge in graph.edges if edge.relation is not Relation.OWNER)
    wanting = Counter(edge.source for edge in graph.edges if edge.relation is Relation.SELECTOR)

    def is_cut(edge: Edge) -> bool:
        if edge.relation is Relation.OWNER:
            return False
        across = groups[edge.source] != groups[edge.target]
        into = wanted[edge.target] >= (_SHARED_ACROSS if across else _SHARED)
        return into or (edge.relation is Relation.SELECTOR and wanting[edge.source] >= _SHARED)

    cut = [edge for edge in graph.edges if is_cut(edge)]
    names = {node.id: node.label for node in graph.nodes}
    words: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for edge in cut:
        words[edge.source][_VERBS[edge.relation]].append(names[edge.target])
    users = Counter(edge.target for edge in cut)
    nodes = tuple(replace(node, aside=_aside(words.get(node.id, {}), users[node.id], node)) for node in graph.nodes)
    gone = set(cut)
    return replace(graph, nodes=nodes, edges=tuple(edge for edge in graph.edges if edge not in gone))


def _aside(words: Mapping[str, list[str]], users: int, node: Node) -> str:
    told = [f"{verb} {', '.join(names)}" for verb, names in words.items()]
    if users:
        told.insert(0, f"used by {users}")
    return "; ".join(told) or node.aside
