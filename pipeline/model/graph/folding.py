"""Fewer nodes for the same story: alike neighbours become one node, parallel edges one edge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pipeline.errors import UsageError
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.graph.hubs import without_hubs

MAX_DRAWN: Final = 400
"""Nodes of a picture, after folding; nobody finds anything among more."""
_ALIKE: Final = 4
"""So many alike nodes are folded."""
_ALIKE_OWNED: Final = 2
"""The same for what one object has made, such as pods."""


def drawable(graph: Graph) -> Graph:
    """The graph as it is drawn.

    Raises:
        UsageError: even so there is more than anybody could look at.
    """
    small = without_hubs(folded(graph))
    if len(small.nodes) > MAX_DRAWN:
        small = gathered(small)
    if len(small.nodes) > MAX_DRAWN:
        raise UsageError(
            f"{len(graph.nodes)} nodes are too many for one picture ({len(small.nodes)} once they are gathered);"
            f" it can have {MAX_DRAWN}",
            hint="draw a part: --namespace, --kind, --only-changed; or take the whole graph as -o json",
            code="usage.graph-too-large",
        )
    return small


def folded(graph: Graph) -> Graph:
    """Nodes of one kind, group and tone with exactly the same neighbours become one."""
    around = _neighbours(graph)
    alike: dict[object, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        kind = (node.title, node.group, node.tone, node.detail, around.get(node.id, frozenset()))
        alike[kind].append(node)
    stands_for: dict[str, str] = {}
    nodes = []
    for same in alike.values():
        links = around.get(same[0].id, frozenset())
        owned = bool(links) and all(link[1:] == (Relation.OWNER.value, False) for link in links)
        if len(same) < (_ALIKE_OWNED if owned else _ALIKE) or any(node.folded for node in same):
            nodes += same
            continue
        first, *_ = same
        labels = tuple(node.label for node in same)
        nodes.append(replace(first, label=_common(labels), folded=labels))
        stands_for |= {node.id: first.id for node in same}
    order = {node.id: index for index, node in enumerate(graph.nodes)}
    nodes.sort(key=lambda node: order[node.id])
    return replace(graph, nodes=tuple(nodes), edges=_joined(graph.edges, stands_for))


def gathered(graph: Graph) -> Graph:
    """What hangs on one node alone, and looks no different, goes into that node's card as words."""
    nodes = {node.id: node for node in graph.nodes}
    near: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        near[edge.source].add(edge.target)
        near[edge.target].add(edge.source)
    into: dict[str, str] = {}
    for node_id, around in near.items():
        [first, *others] = around
        if not others and len(near[first]) > 1 and nodes[node_id].tone in {Tone.PLAIN, nodes[first].tone}:
            into[node_id] = first
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for node in graph.nodes:
        if node.id in into:
            kinds[into[node.id]][node.title] += node.count
    kept = [
        replace(node, aside="; ".join(filter(None, (node.aside, _with(kinds.get(node.id, {}))))))
        for node in graph.nodes
        if node.id not in into
    ]
    edges = (edge for edge in graph.edges if edge.source not in into and edge.target not in into)
    return replace(graph, nodes=tuple(kept), edges=tuple(edges))


def _with(kinds: Mapping[str, int]) -> str:
    """Such as ``with its ConfigMap, 2 Secret``."""
    told = [f"{number} {kind}" if number > 1 else kind for kind, number in sorted(kinds.items())]
    return f"with its {', '.join(told)}" if told else ""


def _neighbours(graph: Graph) -> dict[str, frozenset[tuple[str, str, bool]]]:
    around: dict[str, set[tuple[str, str, bool]]] = defaultdict(set)
    for edge in graph.edges:
        around[edge.source].add((edge.target, edge.relation.value, True))
        around[edge.target].add((edge.source, edge.relation.value, False))
    return {node: frozenset(links) for node, links in around.items()}


def _joined(edges: Iterable[Edge], stands_for: dict[str, str]) -> tuple[Edge, ...]:
    """Edges between the same two for the same reason become one, with all labels."""
    labels: dict[tuple[str, str, str], list[str]] = {}
    first: dict[tuple[str, str, str], Edge] = {}
    for edge in edges:
        source, target = stands_for.get(edge.source, edge.source), stands_for.get(edge.target, edge.target)
        key = (source, target, edge.relation.value)
        first.setdefault(key, replace(edge, source=source, target=target))
        named = labels.setdefault(key, [])
        if edge.label and edge.label not in named:
            named.append(edge.label)
    return tuple(replace(edge, label=", ".join(labels[key])) for key, edge in first.items())


def _common(labels: tuple[str, ...]) -> str:
    """What the names begin with, where that says something, else how many there are."""
    shortest, longest = min(labels), max(labels)
    length = next((i for i, (a, b) in enumerate(zip(shortest, longest, strict=False)) if a != b), len(shortest))
    shared = shortest[:length].rstrip("-.0123456789") if length > 2 else ""  # noqa: PLR2004 - two letters say nothing
    return f"{shared}…" if shared else f"{labels[0]}, {labels[1]}…"
