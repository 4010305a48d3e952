"""Values, long texts and colours as a terminal shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from pipeline.model.documents.yaml_writing import write_document
from pipeline.model.plan import SENSITIVE

_BARE = re.compile(r"(?:--?(?=[A-Za-z]))?[A-Za-z/_0-9][^\s\"'#{}\[\],]*(?: [^\s\"'#{}\[\],]+)*")
_NUMBER_LIKE = re.compile(r"[0-9][0-9_.,:+-]*(?:[eE][0-9+-]*)?|0[xXoObB][0-9a-fA-F_]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
# What a terminal would obey instead of showing, and marks that reorder text so that it reads as something else.
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MAX_LINE = 160
_KEPT_AROUND_A_CUT = 40


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in colours, or leaves it alone."""

    color: bool

    def __call__(self, style: str, text: str) -> str:
        """The text in ``red``, ``green``, ``yellow``, ``bold``, ``dim`` or a combination joined by ``+``."""
        if not self.color or not text or not style:
            return text
        codes = ";".join(_STYLES[part] for part in style.split("+"))
        return f"\x1b[{codes}m{text}\x1b[0m"


_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def printable(text: str) -> str:
    """The text on one line, with control characters and direction marks written out.

    So no manifest can draw on a terminal, or write a line of its own into a report.
    """
    return _UNPRINTABLE.sub(lambda match: " " if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)


def inline(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """The value on one line: text bare where nothing in it could be taken for anything else, else in quotes."""
    if value is SENSITIVE:
        return repr(SENSITIVE)
    if isinstance(value, str):
        bare = _BARE.fullmatch(value) and not value.endswith(":") and ": " not in value
        mistakable = value.lower() in _WORDS or _NUMBER_LIKE.fullmatch(value)
        return value if bare and not mistakable else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)


def block(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """The value as lines of YAML."""
    if isinstance(value, Mapping) and value:
        return write_document(value).decode().rstrip("\n").split("\n")
    if isinstance(value, list) and value:
        return write_document({"_": value}).decode().rstrip("\n").split("\n")[1:]
    return value.split("\n") if isinstance(value, str) else [inline(value)]


def lines_of(value: Any) -> list[str] | None:  # noqa: ANN401 - any JSON value
    """The lines of a text that has several, of a JSON text, or of a list; ``None`` where one line is all there is."""
    if isinstance(value, list):
        return [f"- {inline(item)}" for item in value]
    if not isinstance(value, str):
        return None
    if "\n" in value:
        return value.split("\n")
    if value[:1] in {"{", "["}:
        try:
            return json.dumps(json.loads(value), indent=2, ensure_ascii=False).split("\n")
        except ValueError:
            return None
    return None


def hunks(before: list[str], after: list[str], context: int = 2) -> Iterator[tuple[str, str]]:
    """Line by line what differs: marks ``-``, ``+``, a blank for context, ``@`` where a hunk begins, with its text."""
    if before[-1:] == after[-1:] == [""]:
        # Both texts end with a line break, behind which there is no line.
        before, after = before[:-1], after[:-1]
    for line in list(unified_diff(before, after, n=context, lineterm=""))[2:]:
        if line.startswith("@@"):
            start = int(re.split(r"[+, ]+", line)[3])
            yield "@", f"line {start}"
        else:
            yield line[0], line[1:]


def cut(text: str) -> str:
    """The text with its middle left out where it is too long for a line."""
    if len(text) <= _MAX_LINE:
        return text
    left_out = len(text) - _MAX_LINE
    return f"{text[: _MAX_LINE // 2]} …({left_out} characters)… {text[-_MAX_LINE // 2 :]}"


def cut_to_difference(before: str, after: str) -> tuple[str, str]:
    """Two long texts, cut to the part that differs and some of what surrounds it."""
    start = next((i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
    shorter = min(len(before), len(after))
    start = start or (shorter if before[:shorter] == after[:shorter] else 0)
    same_end = 0
    while same_end < shorter - start and before[-1 - same_end] == after[-1 - same_end]:
        same_end += 1
    return _window(before, start, same_end), _window(after, start, same_end)


def _window(text: str, start: int, same_end: int) -> str:
    first = max(0, start - _KEPT_AROUND_A_CUT)
    last = min(len(text), len(text) - same_end + _KEPT_AROUND_A_CUT)
    middle = cut(text[first:last])
    return ("…" if first else "") + middle + ("…" if last < len(text) else "")
