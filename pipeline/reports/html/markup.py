"""Markup that is safe by the way it is made: every text in it is escaped unless it is markup already."""

from __future__ import annotations

import json
from html import escape


class Markup(str):
    """Text that is HTML, made by :func:`element` or by us."""

    __slots__ = ()


_VOID = frozenset({"input", "meta", "br"})
_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def element(name: str, /, *children: str, **attributes: str) -> Markup:
    """An element; ``class_`` is written as ``class``, other underscores as dashes. Those without text stay bare."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + (f'="{escape(value)}"' if value else "")
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Children one after the other."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def json_block(document: object) -> Markup:
    """JSON for the inside of a script element: nothing in it can end that element or begin another."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_IN_SCRIPT))
