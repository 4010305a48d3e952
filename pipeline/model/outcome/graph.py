"""What ``gitless graph`` found: nodes, edges, and where they are from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.graph.graph import Edge, Graph, Node, Tone
from pipeline.model.outcome import header
from pipeline.model.outcome.diff import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphResult:
    """A graph of one side, of what changes towards another, or (``is_chain``) of what an artifact came from.

    ``notes`` are what the user should know, such as what could not be read.
    """

    kind: ClassVar[str] = "GraphResult"

    graph: Graph
    side: Side
    towards: Side | None = None
    is_chain: bool = False
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The JSON document, with every node and edge; nothing is folded in it."""
        counts = Counter(node.tone for node in self.graph.nodes)
        return {
            **header(self.kind),
            "about": "chain" if self.is_chain else "changes" if self.towards else "objects",
            "of": self.side.document(),
            "to": self.towards.document() if self.towards else None,
            "counts": {tone.value: counts[tone] for tone in Tone if counts[tone]},
            "nodes": [_node(node) for node in self.graph.nodes],
            "edges": [_edge(edge) for edge in self.graph.edges],
            "notes": list(self.notes),
        }


def _node(node: Node) -> dict[str, Any]:
    document: dict[str, Any] = {"id": node.id, "kind": node.title, "name": node.label, "tone": node.tone.value}
    optional = {"group": node.group, "detail": node.detail}
    document |= {key: text for key, text in optional.items() if text}
    if node.object_id is not None:
        document["apiGroup"] = node.object_id.group
        document["namespace"] = node.object_id.namespace
    return document


def _edge(edge: Edge) -> dict[str, Any]:
    document = {"from": edge.source, "to": edge.target, "relation": edge.relation.value}
    return document | ({"label": edge.label} if edge.label else {})
