"""One changed field for people: on one line where it fits, as a block or line by line where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pipeline.model.plan import ABSENT, FieldChange
from pipeline.reports.text.values import Paint, block, cut, cut_to_difference, hunks, inline, lines_of, printable

_ONE_LINE = 100
"""Both values together, in characters."""
_LINES_SHOWN = 40


def field_lines(field: FieldChange, paint: Paint, *, is_full: bool) -> Iterator[str]:
    """The field's lines; each is safe to print."""
    remark = _remark(field, paint)
    path = printable(field.path)
    if field.is_sensitive:
        yield _sensitive(field, path, paint) + remark
    elif field.is_order:
        order = " → ".join(", ".join(key.removeprefix("name=") for key in side) for side in (field.before, field.after))
        yield f"{paint('yellow', '~')} {path}: {paint('dim', 'order')} {printable(order)}{remark}"
    elif field.before is ABSENT or field.after is ABSENT:
        yield from _one_sided(field, path, remark, paint, is_full=is_full)
    else:
        yield from _two_sided(field, path, remark, paint, is_full=is_full)


def _remark(field: FieldChange, paint: Paint) -> str:
    remarks = []
    if field.manager:
        remarks.append(f"set by {field.manager}")
    if field.follows:
        remarks.append("follows the rename")
    return paint("dim", printable(f"  ({', '.join(remarks)})")) if remarks else ""


def _sensitive(field: FieldChange, path: str, paint: Paint) -> str:
    if field.before is ABSENT:
        return f"{paint('green', '+')} {path}: (sensitive) added"
    if field.after is ABSENT:
        return f"{paint('red', '-')} {path}: (sensitive) removed"
    return f"{paint('yellow', '~')} {path}: (sensitive) changed"


def _one_sided(field: FieldChange, path: str, remark: str, paint: Paint, *, is_full: bool) -> Iterator[str]:
    sign, style, value = ("+", "green", field.after) if field.before is ABSENT else ("-", "red", field.before)
    text = inline(value)
    has_lines = isinstance(value, str) and "\n" in value
    if not has_lines and len(path) + len(text) <= _ONE_LINE:
        yield f"{paint(style, sign)} {path}: {paint(style, printable(text))}{remark}"
        return
    if isinstance(value, str) and not has_lines:
        yield f"{paint(style, sign)} {path}: {paint(style, printable(text if is_full else cut(text)))}{remark}"
        return
    yield f"{paint(style, sign)} {path}:{remark}"
    marked = ((sign, line) for line in block(value))
    yield from _limited(marked, paint, is_full=is_full)


def _two_sided(field: FieldChange, path: str, remark: str, paint: Paint, *, is_full: bool) -> Iterator[str]:
    before, after = field.before, field.after
    texts = inline(before), inline(after)
    has_lines = any(isinstance(side, str) and "\n" in side for side in (before, after))
    if not has_lines and sum(map(len, texts)) <= _ONE_LINE:
        arrow = f"{paint('red', printable(texts[0]))} → {paint('green', printable(texts[1]))}"
        yield f"{paint('yellow', '~')} {path}: {arrow}{remark}"
        return
    yield f"{paint('yellow', '~')} {path}:{remark}"
    sides = lines_of(before), lines_of(after)
    if sides[0] is not None and sides[1] is not None and sides[0] != sides[1]:
        yield from _limited(hunks(sides[0], sides[1]), paint, is_full=is_full)
        return
    if isinstance(before, str) and isinstance(after, str):
        lines = (before, after) if is_full else cut_to_difference(before, after)
        yield from _limited((("-", lines[0]), ("+", lines[1])), paint, is_full=True)
        return
    yield from _limited([*_block("-", before), *_block("+", after)], paint, is_full=is_full)


def _block(sign: str, value: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    return [(sign, line) for line in block(value)]


def _limited(marked: Any, paint: Paint, *, is_full: bool) -> Iterator[str]:  # noqa: ANN401
    styles = {"+": "green", "-": "red", "@": "cyan", " ": "dim"}
    lines = list(marked)
    shown = lines if is_full else list(islice(lines, _LINES_SHOWN))
    for sign, text in shown:
        line = printable(text if is_full else cut(text))
        yield "  " + paint(styles[sign], f"@ {line}" if sign == "@" else f"{sign} {line}".rstrip())
    if len(lines) > len(shown):
        yield "  " + paint("dim", f"… {len(lines) - len(shown)} more lines (--full shows them)")
