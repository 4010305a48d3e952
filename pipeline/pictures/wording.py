"""What nodes and graphs are called in words, the same in every format."""

from __future__ import annotations

from collections import Counter
from typing import Final

from pipeline.model.graph.graph import Graph, Node, Relation, Tone

TIMES: Final = "\N{MULTIPLICATION SIGN}"

RELATIONS: Final = {
    Relation.OWNER: "owns",
    Relation.SELECTOR: "selects",
    Relation.REFERENCE: "refers to",
    Relation.DEPENDS_ON: "depends on",
    Relation.SOURCE: "comes from",
    Relation.EVIDENCE: "leads to",
}
"""What the lines mean, for legends."""


def called(node: Node) -> str:
    """The name, and how many there are of it."""
    return f"{node.label} {TIMES}{node.count}" if node.folded else node.label


def note(node: Node) -> str:
    """Tone and detail, or nothing."""
    tone = "" if node.tone is Tone.PLAIN else node.tone.value
    return ": ".join(filter(None, (tone, node.detail)))


def described(node: Node) -> str:
    """The node in one sentence, for whoever points at it or has it read out."""
    place = f" in {node.group}" if node.group else ""
    return "; ".join(
        filter(None, (f"{node.title} {node.label}{place}", note(node), node.aside, ", ".join(node.folded)))
    )


def summary(graph: Graph) -> str:
    """How many of what."""
    tones = Counter(node.tone for node in graph.nodes)
    told = [f"{tones[tone]} {tone.value}" for tone in Tone if tones[tone] and tone is not Tone.PLAIN]
    nodes = "1 node" if len(graph.nodes) == 1 else f"{len(graph.nodes)} nodes"
    links = "1 link" if len(graph.edges) == 1 else f"{len(graph.edges)} links"
    return ", ".join((nodes, links, *told))
