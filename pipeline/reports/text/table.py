"""Tables for people: columns as wide as their widest cell, two blanks apart."""

from __future__ import annotations

from collections.abc import Sequence

Row = Sequence[str]


def table(rows: Sequence[Row], alongside: Sequence[Row] = ()) -> list[str]:
    """The rows as lines; an empty cell is a dash. ``alongside`` only widens the columns."""
    filled = [[cell or "-" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*filled, *alongside, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in filled]
