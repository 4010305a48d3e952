"""Read objects of whatever shape: what is of another type than it should be counts as not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MAPPINGS = (dict, Mapping)
"""What is read is nearly always a dict, which is faster to tell than that something is a mapping."""


def mapping_at(value: object, *keys: str) -> Mapping[str, Any]:
    """The mapping at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, _MAPPINGS) else None
    return value if isinstance(value, _MAPPINGS) else {}


def items_at(value: object, *keys: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The mappings in the list at a path of keys, each with its index."""
    *parents, last = keys
    found = mapping_at(value, *parents).get(last)
    for index, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, _MAPPINGS):
            yield index, item


def text_at(value: object, *keys: str) -> str:
    """The text at a path of keys; empty where there is none."""
    *parents, last = keys
    found = mapping_at(value, *parents).get(last)
    return found if isinstance(found, str) else ""


def texts_at(value: object, *keys: str) -> tuple[str, ...]:
    """The texts in the list at a path of keys."""
    *parents, last = keys
    found = mapping_at(value, *parents).get(last)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def number_at(value: object, *keys: str) -> int | None:
    """The whole number at a path of keys; ``None`` where there is none."""
    *parents, last = keys
    found = mapping_at(value, *parents).get(last)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def texts_of(value: object) -> dict[str, str]:
    """The entries of a mapping whose values are text, as labels are."""
    if not isinstance(value, _MAPPINGS):
        return {}
    return {key: text for key, text in value.items() if isinstance(key, str) and isinstance(text, str)}
