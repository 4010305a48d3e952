"""A graph as a page: the picture with all the room, and below it every node with what it needs and what needs it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.model.graph.chain import ARTIFACT, BUILD, DELIVERY, EVIDENCE, SOURCE
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.outcome.graph import GraphResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.html.changes import side_card
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Item, Link, Page, Section, SideCard, Style, Tile, places

_ORDER: Final = (
    Tone.FAILED, Tone.REFUSED, Tone.DELETED, Tone.RECREATED, Tone.MISSING, Tone.WARNED, Tone.PROGRESSING, Tone.CREATED,
    Tone.CHANGED, Tone.ACCEPTED, Tone.HEALTHY, Tone.PLAIN,
)  # fmt: skip
"""The gravest first."""
_LOOKS: Final[Mapping[Tone, tuple[str, str]]] = {
    Tone.FAILED: ("✗", "bad"),
    Tone.REFUSED: ("✗", "bad"),
    Tone.DELETED: ("\N{MINUS SIGN}", "bad"),
    Tone.RECREATED: ("±", "bad"),
    Tone.MISSING: ("?", "warn"),
    Tone.WARNED: ("!", "warn"),
    Tone.PROGRESSING: ("…", "info"),
    Tone.CREATED: ("+", "good"),
    Tone.CHANGED: ("~", "warn"),
    Tone.ACCEPTED: ("✓", "good"),
    Tone.HEALTHY: ("✓", "good"),
    Tone.PLAIN: ("·", "quiet"),
}
"""Sign and tone of the page, the same as on the picture's cards."""
_GROUPS: Final = (SOURCE, BUILD, ARTIFACT, EVIDENCE, DELIVERY)
_NEEDS: Final[Mapping[Relation, tuple[str, str]]] = {
    Relation.OWNER: ("Owns", "Owned by"),
    Relation.SELECTOR: ("Selects", "Selected by"),
    Relation.REFERENCE: ("Refers to", "Referred to by"),
    Relation.DEPENDS_ON: ("Depends on", "Needed by"),
    Relation.SOURCE: ("Comes from", "Source of"),
    Relation.EVIDENCE: ("Leads to", "Follows from"),
}
"""What a link is called at its beginning and at its end."""


@dataclass(frozen=True, slots=True)
class _Words:
    """How a page speaks of what has no tone, and by what its list is divided."""

    kind: str
    plain: str
    sections: tuple[Section, ...]
    is_chain: bool = False

    def section(self, node: Node) -> int:
        return _GROUPS.index(node.group) if self.is_chain else _ORDER.index(node.tone)


def _by_tone(kind: str, plain: str, rest: str) -> _Words:
    return _Words(kind, plain, (*(Section(tone.value.capitalize()) for tone in _ORDER[:-1]), Section(rest)))


_OBJECTS: Final = _by_tone("Objects and how they hang together", "there", "Objects")
_CHANGES: Final = _by_tone("What changes", "unchanged", "Unchanged")
_HEALTH: Final = _by_tone("Health", "no verdict", "Without a verdict")
_CHAIN: Final = _Words(
    "From commit to cluster", "not verified", tuple(Section(group.capitalize()) for group in _GROUPS), is_chain=True
)


def render(result: GraphResult, context: ReportContext) -> str:
    """The whole page."""
    words = _words(result)
    items = _items(result.graph, words)
    verdict, tone = _verdict(result)
    page = Page(
        kind=words.kind,
        verdict=verdict,
        tone=tone,
        sides=_sides(result),
        tiles=_tiles(result.graph, words),
        notes=result.notes,
        styles=tuple(Style(sign, _word(tone, words), look) for tone, (sign, look) in _looks()),
        sections=words.sections,
        items=items,
        noun=("node", "nodes") if result.is_chain else ("object", "objects"),
        group="Sort" if result.is_chain else "",
        nothing="There are no objects.",
        places=places(items),
        is_of_picture=True,
    )
    return render_page(page, context)


def _words(result: GraphResult) -> _Words:
    if result.is_chain:
        return _CHAIN
    if result.towards is not None:
        return _CHANGES
    return _HEALTH if result.side.is_live else _OBJECTS


def _looks() -> Iterator[tuple[Tone, tuple[str, str]]]:
    yield from ((tone, _LOOKS[tone]) for tone in _ORDER)


def _word(tone: Tone, words: _Words) -> str:
    return words.plain if tone is Tone.PLAIN else tone.value


def _sides(result: GraphResult) -> tuple[SideCard, ...]:
    if result.towards is not None:
        return side_card("From", result.side), side_card("To", result.towards)
    label = "Artifact" if result.side.artifact else "Cluster" if result.side.is_live else "Folder"
    return (side_card(label, result.side),)


def _tiles(graph: Graph, words: _Words) -> tuple[Tile, ...]:
    counts = Counter(node.tone for node in graph.nodes)
    tiles = [Tile(tone.value, _word(tone, words), counts[tone], look) for tone, (_, look) in _looks() if counts[tone]]
    return (*tiles, Tile("", "link" if len(graph.edges) == 1 else "links", len(graph.edges), "quiet"))


def _verdict(result: GraphResult) -> tuple[str, str]:
    counts = Counter(node.tone for node in result.graph.nodes)
    if result.is_chain:
        artifact = next(node.tone for node in result.graph.nodes if node.group == ARTIFACT)
        return {
            Tone.ACCEPTED: ("Signed by whom the policy accepts", "good"),
            Tone.REFUSED: ("Not signed by whom the policy accepts", "bad"),
        }.get(artifact, ("Nothing of this is verified", "warn"))
    told = [f"{counts[tone]:,} {tone.value}" for tone in _ORDER[:-1] if counts[tone]]
    if result.towards is not None:
        return (", ".join(told), "warn") if told else ("No differences", "good")
    if result.side.is_live:
        grave = any(counts[tone] for tone in (Tone.FAILED, Tone.MISSING))
        return ", ".join(told) or "Nothing has a verdict", "bad" if grave else "good"
    missing = counts[Tone.MISSING]
    there = len(result.graph.nodes) - missing
    objects = f"{there:,} object{'' if there == 1 else 's'}"
    are = "is" if missing == 1 else "are"
    return (f"{objects}, and {missing:,} more that they name {are} missing", "warn") if missing else (objects, "good")


def _items(graph: Graph, words: _Words) -> tuple[Item, ...]:
    nodes = sorted(graph.nodes, key=words.section)
    at = {node.id: place for place, node in enumerate(nodes)}
    links = _links(graph.edges, {node.id: node for node in nodes}, at)
    return tuple(_item(node, words, links.get(node.id, {})) for node in nodes)


def _links(
    edges: Iterable[Edge], nodes: Mapping[str, Node], at: Mapping[str, int]
) -> Mapping[str, Mapping[str, list[Link]]]:
    """For each node, under what its links are called, where they lead."""
    found: dict[str, dict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for edge in edges:
        is_said = edge.label.lower() == _NEEDS[edge.relation][0].lower()
        why = f" ({edge.label})" if edge.label and not is_said else ""
        for one, other, name in zip(
            (edge.source, edge.target), (edge.target, edge.source), _NEEDS[edge.relation], strict=True
        ):
            found[one][name].append(Link(_name(nodes[other]) + why, at[other]))
    return found


def _name(node: Node) -> str:
    return str(node.object_id) if node.object_id is not None else f"{node.title}: {node.label}"


def _item(node: Node, words: _Words, links: Mapping[str, list[Link]]) -> Item:
    is_object = node.object_id is not None
    facts = (("", "") if is_object else ("Sort", node.title), ("What is known", node.detail))
    return Item(
        section=words.section(node),
        style=_ORDER.index(node.tone),
        tags=(node.tone.value,),
        object_id=node.object_id,
        title="" if is_object else _name(node),
        note=node.detail or _counted(links),
        group="" if is_object else node.title,
        facts=tuple((name, text) for name, text in facts if text),
        links=tuple((name, tuple(links[name])) for pair in _NEEDS.values() for name in pair if name in links),
        node="" if is_object else node.id,
    )


def _counted(links: Mapping[str, list[Link]]) -> str:
    """Such as ``selects 1, referred to by 3``."""
    return ", ".join(
        f"{name[0].lower()}{name[1:]} {len(links[name])}" for pair in _NEEDS.values() for name in pair if name in links
    )
