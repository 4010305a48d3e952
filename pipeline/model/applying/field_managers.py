"""Who set a field: read from ``metadata.managedFields`` (FieldsV1, kubernetes structured-merge-diff ``fieldpath``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_STEP = re.compile(rf'\.?(?P<field>[A-Za-z0-9_$-]+)|\[(?P<quoted>{_QUOTED})\]|\[(?P<item>(?:{_QUOTED}|[^\]"])*)\]')
_KEY = re.compile(rf'(?P<name>[^=,]+)=(?P<value>{_QUOTED}|[^,"]*)(?:,|$)')

Step = str | dict[str, str]
"""A field's name, or a list item's keys; no keys for an item that has only a position."""


def owner_of_field(managed_fields: Iterable[Mapping[str, Any]], path: str, us: str = "gitless") -> str:
    """The manager, other than us, that set the live value at a path of :class:`FieldChange` last.

    Empty where nobody else owns it, which also holds for values that the server filled in. Entries for subresources
    count too (``kubectl scale`` writes through one) except those for the status.
    """
    steps = list(steps_of(path))
    found = [
        (str(entry.get("time", "")), str(entry.get("manager", "")))
        for entry in managed_fields
        if entry.get("manager") != us and entry.get("subresource") != "status" and _owns(entry.get("fieldsV1"), steps)
    ]
    return max(found)[1] if found else ""


def owners(managed_fields: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Every owned leaf, as the API server writes paths (``.spec.containers[name="web"].image``), and its managers."""
    found: dict[str, list[str]] = {}
    for entry in managed_fields:
        for path in _leaves(entry.get("fieldsV1"), ""):
            managers = found.setdefault(path, [])
            if entry.get("manager") not in managers:
                managers.append(str(entry.get("manager", "")))
    return {path: tuple(managers) for path, managers in found.items()}


def steps_of(path: str) -> Iterator[Step]:
    """Take apart a path as :func:`pipeline.model.comparison.differences.compare` writes it."""
    for match in _STEP.finditer(path):
        if match["field"] is not None:
            yield match["field"]
        elif match["quoted"] is not None:
            yield _unquoted(match["quoted"])
        else:
            yield {key["name"]: _unquoted(key["value"]) for key in _KEY.finditer(match["item"])}


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return re.sub(r"\\(.)", r"\1", text[1:-1])


def _owns(tree: object, steps: Iterable[Step]) -> bool:
    """Whether the path is in the tree, or below one of its leaves: who owns an atomic value owns all of it."""
    for step in steps:
        if not isinstance(tree, Mapping):
            return False
        if not tree:
            return True
        if isinstance(step, str):
            tree = tree.get(f"f:{step}")
        else:
            tree = next((below for key, below in tree.items() if _is_item(key, step)), None)
    return isinstance(tree, Mapping)


def _is_item(key: str, wanted: Mapping[str, str]) -> bool:
    """Whether a key of the tree, such as ``k:{"name":"web"}``, is the list item; the path may leave out defaults."""
    if not wanted or not key.startswith("k:"):
        return False
    keys = _json(key[2:])
    return isinstance(keys, Mapping) and all(str(keys.get(name)) == value for name, value in wanted.items())


def _leaves(tree: object, path: str) -> Iterator[str]:
    if not isinstance(tree, Mapping):
        return
    below = {key: value for key, value in tree.items() if key != "."}
    if not below and path:
        yield path
    for key, value in below.items():
        yield from _leaves(value, path + _written(key))


def _written(key: str) -> str:
    """One step of the tree as the API server writes it (``fieldpath.PathElement.String``)."""
    if key.startswith("f:"):
        return f".{key[2:]}"
    if key.startswith("v:"):
        return f"[={key[2:]}]"
    keys = _json(key[2:]) if key.startswith("k:") else None
    if isinstance(keys, Mapping):
        return "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in keys.items()) + "]"
    return f"[{key[2:]}]"


def _json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    return value
