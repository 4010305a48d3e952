"""``GraphResult`` as text: a tree from what nobody needs down to what everybody does, each node told once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.model.documents.printable import printable
from pipeline.model.graph.folding import folded
from pipeline.model.graph.graph import Edge, Graph, Node, Tone
from pipeline.model.outcome.graph import GraphResult
from pipeline.reports.text.values import Paint

_WIDTH: Final = 200
_MAX_DEPTH: Final = 12
_STYLES: Final[Mapping[Tone, str]] = {
    Tone.CREATED: "green",
    Tone.CHANGED: "yellow",
    Tone.RECREATED: "yellow",
    Tone.DELETED: "red",
    Tone.HEALTHY: "green",
    Tone.PROGRESSING: "yellow",
    Tone.FAILED: "red",
    Tone.WARNED: "yellow",
    Tone.MISSING: "red",
    Tone.ACCEPTED: "green",
    Tone.REFUSED: "red",
}


def render(result: GraphResult, *, color: bool) -> str:
    """Group by group; what was shown before is only named."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: GraphResult, paint: Paint) -> Iterator[str]:
    graph = folded(result.graph)
    yield paint("bold", _clean(result.graph.title))
    tree = _Tree(graph, paint)
    needed = {edge.target for edge in graph.edges}
    group = None
    # What is needed by something and still not shown goes round in a circle.
    for node in sorted(graph.nodes, key=lambda node: (node.id in needed, not node.group, node.group)):
        if tree.has_shown(node):
            continue
        if node.group != group:
            yield ""
            group = node.group
            yield from [paint("bold", f"{_clean(group)}:")] if group else []
        yield from tree.lines(node, None, "  ")
    yield ""
    yield _counted(result.graph)
    yield from (f"note: {_clean(note)}" for note in result.notes)


class _Tree:
    """Shows every node once, below the first that leads to it."""

    def __init__(self, graph: Graph, paint: Paint) -> None:
        self._nodes = {node.id: node for node in graph.nodes}
        self._below: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self._below[edge.source].append(edge)
        self._shown: set[str] = set()
        self._paint = paint

    def has_shown(self, node: Node) -> bool:
        """Whether it is in the tree already."""
        return node.id in self._shown

    def lines(self, node: Node, edge: Edge | None, indent: str) -> Iterator[str]:
        """The node and all that it leads to."""
        again = node.id in self._shown
        how = f"{_clean(edge.label or edge.relation.value)} " if edge else ""
        note = ": ".join(filter(None, ("" if node.tone is Tone.PLAIN else node.tone.value, node.detail)))
        note = self._paint(_STYLES.get(node.tone, "dim"), f"  ({_clean(note)})") if note and not again else ""
        many = f", {len(node.folded)} of them" if node.folded else ""
        yield f"{indent}{self._paint('dim', how)}{_clean(node.title)} {_clean(node.label)}{many}{note}"
        if again or len(indent) // 2 > _MAX_DEPTH:
            return
        self._shown.add(node.id)
        for below in self._below[node.id]:
            yield from self.lines(self._nodes[below.target], below, indent + "  ")


def _counted(graph: Graph) -> str:
    tones = Counter(node.tone for node in graph.nodes)
    told = [f"{tones[tone]} {tone.value}" for tone in Tone if tones[tone] and tone is not Tone.PLAIN]
    return ", ".join([f"{len(graph.nodes)} nodes, {len(graph.edges)} links", *told])


def _clean(text: str) -> str:
    return printable(text, _WIDTH)
