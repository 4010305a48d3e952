"""Columns under headings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    alongside: Iterable[Sequence[str]] = (),
    with_headings: bool = True,
) -> str:
    """Rows under their headings, two blanks between columns, no blanks at the ends; ends with a newline.

    Rows shown ``alongside``, earlier, only count for the widths, and so do headings that are not shown.
    """
    cells = [tuple(headings), *(tuple(row) for row in rows)]
    every = [*cells, *alongside]
    widths = [max(_width(row[column]) for row in every) for column in range(len(headings))]
    cells = cells if with_headings else cells[1:]
    lines = ["  ".join(_filled(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines) + "\n"


def _filled(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    """How many cells of a terminal the text takes: two for wide characters, none for marks upon others."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(mark) else 1 + (east_asian_width(mark) in "WF") for mark in text)
