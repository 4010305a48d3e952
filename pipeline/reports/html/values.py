"""Changed fields as text: short values on a line, lists and texts on several, sizes bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.model.plan import ABSENT, FieldChange
from pipeline.reports.html.page import ShownField
from pipeline.reports.text.values import block, inline, lines_of

_ONE_LINE = 64
"""Characters; a structure that takes more is shown as a block."""
_LONGEST = 100_000
"""Characters of one value; whoever needs more of it has the JSON document."""


def shown(field: FieldChange) -> ShownField:
    """The field as both sides show it; what is hidden stays hidden."""
    marks = _marks(field)
    if field.is_sensitive:
        before, after = ("(sensitive)" if side is not ABSENT else None for side in (field.before, field.after))
    elif field.is_order:
        before, after = ("\n".join(map(_item_name, side)) for side in (field.before, field.after))
    elif field.before is ABSENT or field.after is ABSENT:
        before, after = (None if side is ABSENT else _one_side(side) for side in (field.before, field.after))
    else:
        before, after = _both_sides(field.before, field.after)
    return ShownField(field.path, _bounded(before), _bounded(after), marks, is_sensitive=field.is_sensitive)


def _marks(field: FieldChange) -> tuple[str, ...]:
    marks = []
    if field.is_drift:
        marks.append("drifted")
    if field.is_order:
        marks.append("order")
    if field.manager:
        marks.append(f"set by {field.manager}")
    if field.follows:
        marks.append("follows the rename")
    return tuple(marks)


def _item_name(key: str) -> str:
    return str(key).removeprefix("name=")


def _one_side(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return value if "\n" in value else inline(value)
    if isinstance(value, Mapping | list):
        text = inline(value)
        return text if len(text) <= _ONE_LINE else "\n".join(block(value))
    return inline(value)


def _both_sides(before: Any, after: Any) -> tuple[str, str]:  # noqa: ANN401 - any JSON value
    """Line by line where both have lines, so that they can be held against each other."""
    short = [inline(side) for side in (before, after) if not (isinstance(side, str) and "\n" in side)]
    if len(short) == 2 and all(len(text) <= _ONE_LINE for text in short):  # noqa: PLR2004 - both sides
        return short[0], short[1]
    lines = lines_of(before), lines_of(after)
    if lines[0] is not None and lines[1] is not None and lines[0] != lines[1]:
        return "\n".join(lines[0]), "\n".join(lines[1])
    return _one_side(before), _one_side(after)


def _bounded(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST:
        return text
    left_out = len(text) - _LONGEST
    return text[:_LONGEST] + f"\n… {left_out:,} more characters, which the JSON report has"
