"""Less of a graph: what is asked for, and what has directly to do with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from pipeline.model.graph.graph import Graph, Node, Tone

CHANGING: Final = frozenset({Tone.CREATED, Tone.CHANGED, Tone.RECREATED, Tone.DELETED})
"""What a plan does something to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of a graph is wanted; all that is given has to hold.

    Attributes:
        namespace: only objects in this one; empty: in any.
        kinds: only these, such as ``Deployment``, in any case; none: all.
        tones: only what has one of these, such as what a plan does something to; none: all.
    """

    namespace: str = ""
    kinds: tuple[str, ...] = ()
    tones: frozenset[Tone] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Part()


def narrowed(graph: Graph, part: Part) -> Graph:
    """What is wanted, with its direct neighbours, and the edges between these."""
    if part.is_all:
        return graph
    wanted = {node.id for node in _wanted(graph.nodes, part)}
    near = {edge.target for edge in graph.edges if edge.source in wanted}
    near |= {edge.source for edge in graph.edges if edge.target in wanted}
    kept = wanted | near
    edges = tuple(edge for edge in graph.edges if edge.source in kept and edge.target in kept)
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.id in kept), edges=edges)


def _wanted(nodes: Iterable[Node], part: Part) -> Iterable[Node]:
    kinds = {kind.lower() for kind in part.kinds}
    for node in nodes:
        in_namespace = not part.namespace or node.group == part.namespace
        of_kind = not kinds or node.title.lower() in kinds
        of_tone = not part.tones or node.tone in part.tones
        if in_namespace and of_kind and of_tone:
            yield node
