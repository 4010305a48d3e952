"""How wide a text will be, guessed: fonts are chosen by whoever looks at the picture."""

from __future__ import annotations

from typing import Final

_NARROW: Final = frozenset("iIjl.,:;'|!()[]{}/ ftr-")
_WIDE: Final = frozenset("mwMW@%&—")
_LAST_LATIN: Final = "\u04ff"


def width_of(text: str, size: float) -> float:
    """In pixels, for a sans-serif font of that size; rather too much than too little."""
    return sum(map(_width, text)) * size


def cut(text: str, room: float, size: float) -> str:
    """The text, with its end left out where it would not fit."""
    if width_of(text, size) <= room:
        return text
    keep = len(text) - 1
    while keep > 1 and width_of(text[:keep] + "…", size) > room:
        keep -= 1
    return text[:keep].rstrip(" ·") + "…"


def wrapped(text: str, room: float, size: float, most: int) -> list[str]:
    """The text on at most so many lines, broken between words; the end of the last one is left out where it must be."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and len(lines) < most and width_of(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return [cut(line, room, size) for line in lines]


def shortened(text: str, room: float, size: float) -> str:
    """The text, with its middle left out where it would not fit: the end of a name often tells it from others."""
    if width_of(text, size) <= room:
        return text
    keep = len(text) - 1
    while keep > 1 and width_of(_without_middle(text, keep), size) > room:
        keep -= 1
    return _without_middle(text, keep)


def _without_middle(text: str, keep: int) -> str:
    tail = keep // 2
    return f"{text[: keep - tail]}…{text[len(text) - tail :]}"


def _width(character: str) -> float:
    if character in _NARROW:
        return 0.38
    if character in _WIDE or character > _LAST_LATIN:
        return 1.0
    return 0.68 if character.isupper() else 0.6
