"""Mermaid, which forges draw in Markdown.

Source: Mermaid's flowchart syntax, mermaid.js.org/syntax/flowchart.html: in quoted texts, entity codes (``#35;``)
stand for characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.model.graph.folding import drawable
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.pictures.escaping import clean
from pipeline.pictures.wording import called, note

_CLASSES: Final[Mapping[Tone, str]] = {
    Tone.CREATED: "stroke:#1a7f37,stroke-width:2px",
    Tone.CHANGED: "stroke:#9a6700,stroke-width:2px",
    Tone.RECREATED: "stroke:#8250df,stroke-width:2px",
    Tone.DELETED: "stroke:#cf222e,stroke-width:2px",
    Tone.HEALTHY: "stroke:#1a7f37",
    Tone.PROGRESSING: "stroke:#0969da,stroke-width:2px",
    Tone.FAILED: "stroke:#cf222e,stroke-width:3px",
    Tone.WARNED: "stroke:#9a6700,stroke-width:2px",
    Tone.ACCEPTED: "stroke:#1a7f37,stroke-width:2px",
    Tone.REFUSED: "stroke:#cf222e,stroke-width:3px",
    Tone.MISSING: "stroke:#bc4c00,stroke-dasharray:5 4",
}
"""Lines alone: the surface is the theme's, dark or light."""
_ARROWS: Final[Mapping[Relation, str]] = {
    Relation.OWNER: "==>",
    Relation.SELECTOR: "-.->",
    Relation.REFERENCE: "-->",
    Relation.DEPENDS_ON: "-.->",
    Relation.SOURCE: "-->",
    Relation.EVIDENCE: "==>",
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ./_,:()-]")
"""What stands for itself between quotes; everything else is written as its number."""


class MermaidPicture:
    """Writes a flowchart; Mermaid lays it out where it is shown."""

    name = "mermaid"

    def draw(self, graph: Graph) -> str:
        """One flowchart, with a subgraph for each group.

        Raises:
            UsageError: it is more than Mermaid takes, or anybody could look at.
        """
        return "\n".join(_lines(drawable(graph))) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "flowchart LR"
    names = {node.id: f"n{index}" for index, node in enumerate(graph.nodes)}
    for index, (group, nodes) in enumerate(graph.by_group().items()):
        if group:
            yield f'  subgraph g{index}["{_escaped(group)}"]'
        for node in nodes:
            yield f"{'    ' if group else '  '}{names[node.id]}{_node(node)}"
        if group:
            yield "  end"
    for edge in graph.edges:
        yield f"  {names[edge.source]} {_edge(edge)} {names[edge.target]}"
    tones = {node.tone for node in graph.nodes}
    yield from (f"  classDef {tone.value} {style}" for tone, style in _CLASSES.items() if tone in tones)


def _node(node: Node) -> str:
    text = "<br/>".join(map(_escaped, filter(None, (node.title, called(node), note(node), node.aside))))
    left, right = ('[["', '"]]') if node.folded else ('("', '")')
    style = f":::{node.tone.value}" if node.tone in _CLASSES else ""
    return f"{left}{text}{right}{style}"


def _edge(edge: Edge) -> str:
    return f'{_ARROWS[edge.relation]}|"{_escaped(edge.label)}"|' if edge.label else _ARROWS[edge.relation]


def _escaped(text: str) -> str:
    return "".join(
        character if _PLAIN.fullmatch(character) or character.isalpha() else f"#{ord(character)};"
        for character in clean(text)
    )
