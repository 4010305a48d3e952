"""Changed fields as lines of a diff; values of Secrets were masked before they came here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.model.plan import ABSENT, FieldChange
from pipeline.reports.markdown.escaping import visible
from pipeline.reports.text.values import block, cut, hunks, inline, lines_of

_ONE_LINE = 160
_LINES_SHOWN = 60
"""Of one object, in a report that has a limit."""


def diff_lines(fields: Iterable[FieldChange], *, is_whole: bool) -> list[str]:
    """Every line begins with ``-``, ``+``, ``!``, ``@`` or a blank; those too many are counted."""
    lines = [line.rstrip() for field in fields for line in _lines(field)]
    if is_whole:
        return lines
    shown = [cut(line) for line in lines[:_LINES_SHOWN]]
    rest = len(lines) - len(shown)
    return [*shown, f"@@ {rest} more lines @@"] if rest else shown


def _lines(field: FieldChange) -> Iterator[str]:
    path, remark = visible(field.path).replace("\n", "\\n"), _remark(field)
    if field.is_sensitive:
        word = "added" if field.before is ABSENT else "removed" if field.after is ABSENT else "changed"
        yield f"! {path}: (sensitive) {word}{remark}"
    elif field.is_order:
        order = " → ".join(", ".join(key.removeprefix("name=") for key in side) for side in (field.before, field.after))
        yield f"! {path}: order {order}{remark}".replace("\n", "\\n")
    elif field.before is ABSENT:
        yield from _side("+", path, field.after, remark)
    elif field.after is ABSENT:
        yield from _side("-", path, field.before, remark)
    else:
        yield from _both(path, field.before, field.after, remark)


def _remark(field: FieldChange) -> str:
    remarks = ["drifted"] if field.is_drift else []
    remarks += [f"set by {field.manager}"] if field.manager else []
    remarks += ["follows the rename"] if field.follows else []
    return f"  ({', '.join(remarks)})".replace("\n", " ") if remarks else ""


def _side(sign: str, path: str, value: Any, remark: str) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    text = inline(value)
    if len(path) + len(text) <= _ONE_LINE and not (isinstance(value, str) and "\n" in value):
        yield f"{sign} {path}: {text}{remark}"
        return
    yield f"{sign} {path}:{remark}"
    yield from (f"{sign}   {line}" for line in block(value))


def _both(path: str, before: Any, after: Any, remark: str) -> Iterator[str]:  # noqa: ANN401 - any JSON values
    texts = inline(before), inline(after)
    has_lines = any(isinstance(side, str) and "\n" in side for side in (before, after))
    if not has_lines and max(map(len, texts)) + len(path) <= _ONE_LINE:
        yield f"- {path}: {texts[0]}{remark}"
        yield f"+ {path}: {texts[1]}"
        return
    yield f"@@ {path} @@{remark}"
    old, new = lines_of(before), lines_of(after)
    if old is not None and new is not None and old != new:
        yield from (f"@@ {text} @@" if sign == "@" else f"{sign} {text}" for sign, text in hunks(old, new))
        return
    yield from (f"- {line}" for line in block(before))
    yield from (f"+ {line}" for line in block(after))
