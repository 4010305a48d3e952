"""Markup that is safe by the way it is made: every text in it is cleaned and escaped unless it is markup already."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from pipeline.reports.text.values import printable


class Markup(str):
    """Text that is HTML, made by :func:`element` or by us."""

    __slots__ = ()


_VOID = frozenset({"input", "meta", "br"})
_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def element(name: str, /, *children: str, **attributes: str) -> Markup:
    """An element; ``class_`` is written as ``class``, other underscores as dashes. Those without text stay bare."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + (f'="{escape(cleaned(value))}"' if value else "")
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Children one after the other."""
    return Markup("".join(child if isinstance(child, Markup) else escape(cleaned(child)) for child in children))


def json_block(document: object) -> Markup:
    """JSON for the inside of a script element: its texts are clean, and none ends that element."""
    text = json.dumps(_clean(document), ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_IN_SCRIPT))


def cleaned(text: str) -> str:
    """A text of others, on as many lines as it has, with nothing in it that moves or hides what stands around it."""
    return "\n".join(map(printable, text.replace("\r\n", "\n").split("\n")))


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, dict):
        return {key: _clean(entry) for key, entry in value.items()}
    return [_clean(entry) for entry in value] if isinstance(value, list | tuple) else value
