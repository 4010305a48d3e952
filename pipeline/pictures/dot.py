r"""DOT, for whoever lays graphs out with a Graphviz of their own.

Source: the DOT language, graphviz.org/doc/info/lang.html; in a quoted string only ``"`` and ``\\`` are special.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.model.graph.folding import folded
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.pictures.escaping import clean
from pipeline.pictures.style import TONES
from pipeline.pictures.wording import called, note

_STYLES: Final[Mapping[Relation, str]] = {
    Relation.OWNER: "bold",
    Relation.SELECTOR: "dashed",
    Relation.REFERENCE: "solid",
    Relation.DEPENDS_ON: "dotted",
    Relation.SOURCE: "dashed",
    Relation.EVIDENCE: "bold",
}


class DotPicture:
    """Writes the source of a picture; nothing is laid out."""

    name = "dot"

    def draw(self, graph: Graph) -> str:
        """One ``digraph``, with a cluster for each group."""
        return "\n".join(_lines(folded(graph))) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "digraph {"
    yield f"  graph [rankdir=LR, compound=true, fontname=Helvetica, label={_quoted(graph.title)}, labelloc=t];"
    yield '  node [shape=box, style="rounded,filled", fillcolor=white, color="#8a94a3", fontname=Helvetica];'
    yield '  edge [color="#6b7685", fontname=Helvetica, fontsize=10];'
    names = {node.id: f"n{index}" for index, node in enumerate(graph.nodes)}
    for index, (group, nodes) in enumerate(graph.by_group().items()):
        if group:
            yield f"  subgraph cluster_{index} {{"
            yield f'    label={_quoted(group)}; style=rounded; color="#c6ccd5";'
        for node in nodes:
            yield f"{'    ' if group else '  '}{names[node.id]} [{_node(node)}];"
        if group:
            yield "  }"
    for edge in graph.edges:
        yield f"  {names[edge.source]} -> {names[edge.target]} [{_edge(edge)}];"
    yield "}"


def _node(node: Node) -> str:
    texts = [node.title, called(node), *filter(None, [note(node)])]
    label = "\\n".join(map(_escaped, texts))
    text = f'label="{label}", id={_quoted(node.id)}'
    if node.tone in TONES:
        line, surface = TONES[node.tone][0]
        text += f', color="{line}", fillcolor="{surface}"'
    return f'{text}, style="rounded,filled,dashed"' if node.tone is Tone.MISSING else text


def _edge(edge: Edge) -> str:
    return f"style={_STYLES[edge.relation]}, label={_quoted(edge.label)}, class={_quoted(edge.relation.value)}"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    r"""Within quotes: nothing ends the string, and no ``\\N`` or ``&amp;`` is made something else of."""
    return clean(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
