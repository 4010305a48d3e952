"""SVG: cards and lines where dot places them, drawn by ourselves; no scripts, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pipeline.model.graph.folding import drawable
from pipeline.model.graph.graph import Edge, Graph, Relation, Tone
from pipeline.pictures.cards import card, number, sign_at
from pipeline.pictures.escaping import clean, markup
from pipeline.pictures.layout import lay_out
from pipeline.pictures.measuring import shortened, width_of
from pipeline.pictures.placing import Block, Curve, Frame, Point
from pipeline.pictures.style import stylesheet
from pipeline.pictures.wording import RELATIONS, summary
from pipeline.ports import Environment

_MARGIN: Final = 28
_HEADER: Final = 58
_FOOTER: Final = 44
_NEAR: Final = 150
"""Columns are so far from each other at most."""
_MIN_WIDTH: Final = 640
_TITLE: Final = 23.0
"""What a bold title of 20 pixels takes."""


class SvgPicture:
    """Draws by Graphviz' layout; which ``dot`` is run, the environment says."""

    name = "svg"

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def draw(self, graph: Graph) -> str:
        """The whole document.

        Raises:
            ConfigurationError: Graphviz is not installed, or the graph is too large to be looked at.
            ToolError: Graphviz failed.
        """
        small = drawable(graph)
        return "\n".join(_document(small, graph, lay_out(small, self._environment))) + "\n"


def _document(graph: Graph, whole: Graph, block: Block) -> Iterator[str]:
    legend = list(_legend(graph))
    width = max(block.width, _MIN_WIDTH, sum(width_of(text, 12) + 52 for _, text in legend)) + 2 * _MARGIN
    header = _HEADER if graph.title else _MARGIN
    height = header + block.height + _FOOTER + _MARGIN / 2
    placed = block.moved(_MARGIN + max(0.0, (width - 2 * _MARGIN - block.width) / 2), header)
    yield (
        f'<svg class="gitless-graph" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}"'
        f' width="{number(width)}" height="{number(height)}" role="img" aria-labelledby="gg-title gg-desc">'
    )
    yield f'<title id="gg-title">{markup(graph.title or "Objects and how they hang together")}</title>'
    yield f'<desc id="gg-desc">{markup(summary(whole))}</desc>'
    yield f"<style>{stylesheet()}</style>"
    yield from _tips(graph)
    yield f'<rect class="canvas" width="{number(width)}" height="{number(height)}" rx="12"/>'
    if graph.title:
        room = width - 2 * _MARGIN
        yield f'<text class="title" x="{_MARGIN}" y="32">{markup(shortened(clean(graph.title), room, _TITLE))}</text>'
        yield f'<text class="subtitle" x="{_MARGIN}" y="50">{markup(shortened(summary(whole), room, 12))}</text>'
    for frame in placed.frames:
        yield _frame(frame)
    names = {node.id: f"{node.title} {node.label}" for node in graph.nodes}
    for curve in placed.curves:
        yield _line(graph.edges[curve.edge], curve, names)
    for node, x, y in placed.cards:
        yield card(graph.nodes[node], x, y)
    yield from _key(legend, height - _FOOTER + 14)
    yield "</svg>"


def _frame(frame: Frame) -> str:
    x, y = number(frame.x), number(frame.y)
    heading = markup(shortened(clean(frame.group), frame.width - 36, 13))
    return (
        f'<rect class="frame" x="{x}" y="{y}" width="{number(frame.width)}" height="{number(frame.height)}" rx="14"/>'
        f'<text class="heading" x="{number(frame.x + 18)}" y="{number(frame.y + 25)}">{heading}</text>'
    )


def _line(edge: Edge, curve: Curve, names: Mapping[str, str]) -> str:
    start, *rest = [f"{number(x)} {number(y)}" for x, y in _smooth(curve.points)]
    told = f"{names[edge.source]} → {names[edge.target]}: {edge.label or RELATIONS[edge.relation]}"
    kind = edge.relation.value
    ends = f'data-from="{markup(edge.source)}" data-to="{markup(edge.target)}"'
    return (
        f'<path class="edge {kind}" {ends} d="M{start}C{" ".join(rest)}" marker-end="url(#gg-{kind})">'
        f"<title>{markup(told)}</title></path>"
    )


def _smooth(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Between neighbouring columns one swing is enough, whatever dot avoids on the way."""
    (x, y), (to_x, to_y) = points[0], points[-1]
    if not 0 < to_x - x <= _NEAR:
        return points
    middle = (x + to_x) / 2
    return (x, y), (middle, y), (middle, to_y), (to_x, to_y)


def _tips(graph: Graph) -> Iterator[str]:
    """One arrow head per sort of line, in its colour."""
    yield "<defs>"
    for relation in sorted({edge.relation for edge in graph.edges}):
        yield (
            f'<marker id="gg-{relation.value}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9"'
            f' markerUnits="userSpaceOnUse" orient="auto"><path class="tip {relation.value}" d="M0 0 10 5 0 10 2 5z"/>'
            "</marker>"
        )
    yield "</defs>"


def _legend(graph: Graph) -> Iterator[tuple[Relation | Tone, str]]:
    """What has to be explained of this picture."""
    relations = {edge.relation for edge in graph.edges}
    yield from ((relation, RELATIONS[relation]) for relation in Relation if relation in relations)
    tones = {node.tone for node in graph.nodes}
    yield from ((tone, tone.value) for tone in Tone if tone in tones and tone is not Tone.PLAIN)


def _key(legend: Iterable[tuple[Relation | Tone, str]], y: float) -> Iterator[str]:
    yield '<g class="legend">'
    x = float(_MARGIN)
    for sort, text in legend:
        if isinstance(sort, Relation):
            line = f'd="M{number(x)} {number(y)}h30" marker-end="url(#gg-{sort.value})"'
            yield f'<path class="edge {sort.value}" {line}/>'
            x += 38
        else:
            yield f'<g class="{sort.value}">{sign_at(sort, x + 9, y)}</g>'
            x += 24
        yield f'<text x="{number(x)}" y="{number(y + 4)}">{text}</text>'
        x += width_of(text, 12) + 20
    yield "</g>"
