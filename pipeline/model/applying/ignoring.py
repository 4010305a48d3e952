"""Fields that are left as they are in the cluster, though the manifests have them (Kustomization ``spec.ignore``).

What another server-side apply owns is not sent at all, so that it stays theirs; everything else is sent as it is in the
cluster, so that it stays there (flux pkg/ssa/manager_apply.go).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.model.manifests import Body
from pipeline.model.plan import ABSENT, Absent


def leaving(desired: Body, live: Body, pointers: Iterable[str], us: str) -> Body:
    """The desired body with the fields at these JSON pointers (RFC 6901) as they are in the live object."""
    changed: dict[str, Any] | None = None
    for pointer in pointers:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        if not steps:
            continue
        wanted, found = _at(desired, steps), _at(live, steps)
        applied_by = _appliers(live, steps)
        if wanted is ABSENT and (found is ABSENT or us not in applied_by):
            continue
        changed = copy.deepcopy(dict(desired)) if changed is None else changed
        if applied_by - {us} or found is ABSENT:
            _remove(changed, steps)
        else:
            _put(changed, steps, found)
    return desired if changed is None else changed


def _at(value: Any, steps: Sequence[str]) -> Any | Absent:  # noqa: ANN401 - any JSON value
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def _put(body: dict[str, Any], steps: Sequence[str], value: object) -> None:
    place: Any = body
    for step in steps[:-1]:
        if isinstance(place, list):
            if not step.isdigit() or int(step) >= len(place):
                return
            place = place[int(step)]
        elif isinstance(place, dict):
            place = place.setdefault(step, {})
        else:
            return
    if isinstance(place, dict):
        place[steps[-1]] = copy.deepcopy(value)
    elif isinstance(place, list) and steps[-1].isdigit() and int(steps[-1]) < len(place):
        place[int(steps[-1])] = copy.deepcopy(value)


def _remove(body: dict[str, Any], steps: Sequence[str]) -> None:
    parent = _at(body, steps[:-1])
    if isinstance(parent, dict):
        parent.pop(steps[-1], None)
    elif isinstance(parent, list) and steps[-1].isdigit() and int(steps[-1]) < len(parent):
        del parent[int(steps[-1])]


def _appliers(live: Body, steps: Sequence[str]) -> set[str]:
    """Who owns the field, or something in it, by server-side apply."""
    return {
        str(entry.get("manager"))
        for entry in live["metadata"].get("managedFields") or ()
        if entry.get("operation") == "Apply" and _owns(entry.get("fieldsV1"), live, steps)
    }


def _owns(tree: object, value: Any, steps: Sequence[str]) -> bool:  # noqa: ANN401 - any JSON value
    """Whether the path is in the field tree; list items are told by their keys in the live value."""
    for step in steps:
        if not isinstance(tree, Mapping):
            return False
        if not tree:
            return True
        if isinstance(value, list):
            item = value[int(step)] if step.isdigit() and int(step) < len(value) else None
            tree = next((below for key, below in tree.items() if _is_key_of(key, item)), None)
            value = item
        else:
            tree = tree.get(f"f:{step}")
            value = value.get(step) if isinstance(value, Mapping) else None
    return isinstance(tree, Mapping)


def _is_key_of(key: str, item: object) -> bool:
    if not key.startswith("k:") or not isinstance(item, Mapping):
        return False
    keys = json.loads(key[2:])
    return all(item.get(name) == value for name, value in keys.items())
