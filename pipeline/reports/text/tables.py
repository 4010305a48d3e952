"""Columns under headings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
    widths = [max(len(row[column]) for row in every) for column in range(len(headings))]
    cells = cells if with_headings else cells[1:]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines) + "\n"
