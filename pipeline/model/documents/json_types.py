"""What a JSON value is, in words for people."""

from __future__ import annotations


def type_in_words(value: object) -> str:
    """``empty``, ``a boolean``, ``a number``, ``text``, ``a list`` or ``a mapping``."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping"
