"""Where everything of a picture is, in pixels from the upper left corner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

CARD_WIDTH: Final = 248
CARD_HEIGHT: Final = 50
GAP: Final = 26
"""Between things that are packed beside each other."""
_PADDING: Final = 18
_HEADING: Final = 26
_ASPECT: Final = 1.7
"""How much wider than high a picture is to be."""

Point = tuple[float, float]


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
    """All of them side by side in rows, the highest first, so that nothing overlaps."""
    blocks = sorted(blocks, key=lambda block: (-block.height, -block.width))
    area = sum((block.width + gap) * (block.height + gap) for block in blocks)
    limit = max((area * _ASPECT) ** 0.5, *(block.width for block in blocks), 0)
    placed: list[Block] = []
    x = y = row = width = 0.0
    for block in blocks:
        if x and x + block.width > limit:
            x, y, row = 0.0, y + row + gap, 0.0
        placed.append(block.moved(x, y))
        width = max(width, x + block.width)
        row = max(row, block.height)
        x += block.width + gap
    return _together(placed, width, y + row)


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
