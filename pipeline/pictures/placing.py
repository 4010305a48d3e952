"""Where everything of a picture is, in pixels from the upper left corner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.model.graph.graph import Node
from pipeline.pictures.escaping import clean
from pipeline.pictures.measuring import width_of, wrapped

CARD_WIDTH: Final = 264
_CARD_HEIGHT: Final = 50
LINE: Final = 15
"""From one line below the name to the next."""
FOOT_LEFT: Final = 12
_LINES: Final = 3
"""So many lines stand below the name at most."""
TEXT_LEFT: Final = 48
SMALL_TEXT: Final = 11
"""Font size of everything on a card but the name."""
GAP: Final = 26
"""Between things that are packed beside each other."""
INSET: Final = 5
"""How much smaller a frame is drawn where dot lets it touch its neighbours."""
_PADDING: Final = 18
_HEADING: Final = 26
_ASPECT: Final = 1.5
"""How much wider than high a picture is to be."""
_STRETCHES: Final = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6)
"""Widths that are tried, as parts of what would fit if nothing were left free."""

Point = tuple[float, float]


def headline(node: Node) -> str:
    """What stands above the name: the kind, and why it has its tone if there is room for that."""
    text = clean(f"{node.title} · {node.detail}" if node.detail else node.title)
    return text if width_of(text, SMALL_TEXT) <= text_room(node) else clean(node.title)


def footlines(node: Node) -> list[str]:
    """What stands below the name: words for lines that are left out, and what found no room above."""
    detail = clean(node.detail)
    said = "; ".join(filter(None, ("" if detail and detail in headline(node) else detail, clean(node.aside))))
    return wrapped(said, CARD_WIDTH - 2 * FOOT_LEFT, SMALL_TEXT, _LINES) if said else []


def text_room(node: Node) -> float:
    """How wide kind and name may be."""
    return CARD_WIDTH - TEXT_LEFT - (52 if node.folded else 14)


def card_height(node: Node) -> int:
    """More where there is something to be said below the name."""
    lines = len(footlines(node))
    return _CARD_HEIGHT + (LINE * lines + 4 if lines else 0)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle around what belongs together."""

    group: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A line from one card to another: a start, then three points for each cubic Bézier curve."""

    edge: int
    """Position in the graph's edges."""
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Things that have been placed, and the room that they take."""

    width: float = 0
    height: float = 0
    cards: tuple[tuple[int, float, float], ...] = ()
    """Position in the graph's nodes, and the card's upper left corner."""
    curves: tuple[Curve, ...] = ()
    frames: tuple[Frame, ...] = ()

    def moved(self, right: float, down: float) -> Block:
        """The same somewhere else."""
        return replace(
            self,
            cards=tuple((node, x + right, y + down) for node, x, y in self.cards),
            curves=tuple(
                Curve(curve.edge, tuple((x + right, y + down) for x, y in curve.points)) for curve in self.curves
            ),
            frames=tuple(replace(frame, x=frame.x + right, y=frame.y + down) for frame in self.frames),
        )


def packed(blocks: Iterable[Block], gap: float = GAP) -> Block:
    """All of them, without overlaps, in about the shape of a screen; the highest first."""
    ordered = sorted(blocks, key=lambda block: (-block.height, -block.width))
    area = sum((block.width + gap) * (block.height + gap) for block in ordered)
    least = max((block.width for block in ordered), default=0.0)
    limits = [max(least, (area * _ASPECT) ** 0.5 * stretch) for stretch in _STRETCHES]
    tried = [_fitted(ordered, limit, gap) for limit in limits]
    return min(tried, key=lambda block: max(block.width, block.height * _ASPECT), default=Block())


_Skyline = list[tuple[float, float]]
"""From which x on, which y is free; the last one reaches to the right without end."""


def _fitted(blocks: Sequence[Block], limit: float, gap: float) -> Block:
    """Each one as high up as it fits within the width, then as far left."""
    skyline: _Skyline = [(0.0, 0.0)]
    placed: list[Block] = []
    width = height = 0.0
    for block in blocks:
        starts = [x for x, _ in skyline if x == 0 or x + block.width <= limit]
        y, x = min((_floor(skyline, x, x + block.width), x) for x in starts)
        placed.append(block.moved(x, y))
        width, height = max(width, x + block.width), max(height, y + block.height)
        skyline = _raised(skyline, x, x + block.width + gap, y + block.height + gap)
    return _together(placed, width, height)


def _floor(skyline: _Skyline, left: float, right: float) -> float:
    """The highest y at which everything between two x is free."""
    ends = [*(x for x, _ in skyline[1:]), float("inf")]
    return max(y for (x, y), end in zip(skyline, ends, strict=True) if x < right and end > left)


def _raised(skyline: _Skyline, left: float, right: float, y: float) -> _Skyline:
    """The skyline with something between two x that ends at y."""
    behind = [floor for x, floor in skyline if x <= right][-1]
    before, after = [at for at in skyline if at[0] < left], [at for at in skyline if at[0] > right]
    return [*before, (left, y), (right, behind), *after]


def framed(block: Block, group: str) -> Block:
    """The block with a frame around it and room for a heading."""
    inner = block.moved(_PADDING, _PADDING + _HEADING)
    width, height = block.width + 2 * _PADDING, block.height + 2 * _PADDING + _HEADING
    return replace(inner, width=width, height=height, frames=(Frame(group, 0, 0, width, height), *inner.frames))


def _together(blocks: Sequence[Block], width: float, height: float) -> Block:
    return Block(
        width,
        height,
        tuple(card for block in blocks for card in block.cards),
        tuple(curve for block in blocks for curve in block.curves),
        tuple(frame for block in blocks for frame in block.frames),
    )
