"""One card of the SVG: icon, kind, name, and the sign of its tone."""

from __future__ import annotations

from typing import Final

from pipeline.model.graph.graph import Node, Tone
from pipeline.pictures.escaping import clean, markup
from pipeline.pictures.icons import ICONS, SIGNS, icon_of
from pipeline.pictures.measuring import cut, shortened
from pipeline.pictures.placing import (
    CARD_WIDTH,
    FOOT_LEFT,
    LINE,
    SMALL_TEXT,
    TEXT_LEFT,
    card_height,
    footlines,
    headline,
    text_room,
)
from pipeline.pictures.wording import TIMES, described

_STACK: Final = 4
_NAME_SIZE: Final = 14.6
"""What a bold name of 13 pixels takes."""


def card(node: Node, x: float, y: float) -> str:
    """The group of elements with its upper left corner at x, y."""
    tone = "plain" if node.tone is Tone.PLAIN else f"{node.tone.value} toned"
    name = shortened(clean(node.label), text_room(node), _NAME_SIZE)
    # Names have no blanks in them; what else has stands for nobody.
    also = f' data-also="{" ".join(map(markup, node.folded[1:]))}"' if node.folded else ""
    parts = [
        f'<g class="card {tone}" transform="translate({number(x)} {number(y)})" data-object="{markup(node.id)}"{also}>',
        f"<title>{markup(described(node))}</title>",
        _sheets(node),
        '<rect class="chip" x="9" y="9" width="32" height="32" rx="8"/>',
        f'<path class="icon" transform="translate(15 15)" d="{ICONS[icon_of(node.title)]}"/>',
        f'<text class="kind" x="{TEXT_LEFT}" y="20">{markup(cut(headline(node), text_room(node), SMALL_TEXT))}</text>',
        f'<text class="name" x="{TEXT_LEFT}" y="38">{markup(name)}</text>',
        _footlines(node),
        _count(node),
        _sign(node.tone),
        "</g>",
    ]
    return "".join(parts)


def sign_at(tone: Tone, x: float, y: float) -> str:
    """The round sign of a tone."""
    path = SIGNS.get(tone)
    if path is None:
        return ""
    place = f"translate({number(x)} {number(y)})"
    return f'<g transform="{place}"><circle class="dot" r="9"/><path class="sign" d="{path}"/></g>'


def number(value: float) -> str:
    """Coordinates to a tenth of a pixel, and the same text on every machine."""
    return f"{value:.1f}".removesuffix(".0")


def _sheets(node: Node) -> str:
    """The card itself, after those behind it where it stands for several."""
    shifts = (2 * _STACK, _STACK, 0) if node.folded else (0,)
    return "".join(
        f'<rect class="body" x="{shift}" y="{shift}" width="{CARD_WIDTH}" height="{card_height(node)}" rx="10"/>'
        for shift in shifts
    )


def _footlines(node: Node) -> str:
    return "".join(
        f'<text class="aside" x="{FOOT_LEFT}" y="{59 + LINE * number}">{markup(line)}</text>'
        for number, line in enumerate(footlines(node))
    )


def _count(node: Node) -> str:
    if not node.folded:
        return ""
    x = CARD_WIDTH - 30
    return (
        f'<rect class="chip" x="{x - 18}" y="15" width="36" height="20" rx="10"/>'
        f'<text class="count" x="{x}" y="29">{TIMES}{node.count}</text>'
    )


def _sign(tone: Tone) -> str:
    return sign_at(tone, CARD_WIDTH - 4, 4)
