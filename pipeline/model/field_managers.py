"""Who set a field: read from ``metadata.managedFields`` (FieldsV1, kubernetes structured-merge-diff ``fieldpath``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_STEP = re.compile(r'\.?([A-Za-z0-9_$-]+)|\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]')
"""A bare field, a quoted field, or a list item, as :func:`pipeline.model.differences.compare` writes paths."""

OUR_MANAGER = "gitless"


def owner_of_field(managed_fields: Iterable[Mapping[str, Any]], path: str) -> str:
    """The manager, other than gitless, that set the live value at a path of :class:`FieldChange` last.

    Empty where nobody else owns it, which also holds for values that the server filled in. Entries for subresources
    count too (``kubectl scale`` writes through one) except those for the status.
    """
    steps = [match.groups() for match in _STEP.finditer(path)]
    owners = [
        (str(entry.get("time", "")), str(entry.get("manager", "")))
        for entry in managed_fields
        if entry.get("manager") != OUR_MANAGER
        and entry.get("subresource") != "status"
        and _owns(entry.get("fieldsV1"), steps)
    ]
    return max(owners)[1] if owners else ""


def _owns(tree: object, steps: list[tuple[str | None, ...]]) -> bool:
    """Whether the path is in the tree, or below one of its leaves: who owns an atomic value owns all of it."""
    for bare, quoted, item in steps:
        if not isinstance(tree, Mapping):
            return False
        if not tree:
            return True
        if item is not None:
            found = next((tree[key] for key in tree if _is_item(key, item)), None)
        else:
            name = bare if bare is not None else re.sub(r"\\(.)", r"\1", quoted or "")
            found = tree.get(f"f:{name}")
        if found is None:
            return False
        tree = found
    return isinstance(tree, Mapping)


def _is_item(key: str, item: str) -> bool:
    """Whether a key of the tree, such as ``k:{"name":"web"}``, is the list item that a path calls ``name=web``."""
    if key.startswith("i:"):
        return key[2:] == item
    if not key.startswith("k:"):
        return False
    try:
        keys = json.loads(key[2:])
    except ValueError:
        return False
    wanted = dict(pair.split("=", 1) for pair in item.split(",") if "=" in pair)
    return bool(wanted) and all(value in _written(keys.get(name)) for name, value in wanted.items())


def _written(value: object) -> tuple[str, str]:
    """How a path may write the value: bare, or quoted where it has unusual characters."""
    return str(value), json.dumps(value, ensure_ascii=False)
