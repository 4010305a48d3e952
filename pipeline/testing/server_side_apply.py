"""Server-side apply in memory: who owns which field, what conflicts, what is left when a manager lets go.

A simplification of the API server's rules: lists whose items all have a ``name`` are merged by it, all other lists are
one value. Rules: Kubernetes documentation, "Server-Side Apply"; ``fieldsV1`` as in its API reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
"""Steps from the root: ``f:<key>`` into a map, ``k:<json>`` into a list merged by name."""

Leaves = dict[Path, Any]


def leaves_of(body: Mapping[str, Any]) -> Leaves:
    """Every owned value of an applied body: apiVersion, kind and the object's identity belong to nobody."""
    owned = {key: value for key, value in body.items() if key not in {"apiVersion", "kind", "metadata", "status"}}
    metadata = {
        key: body.get("metadata", {})[key]
        for key in ("labels", "annotations", "finalizers")
        if key in body.get("metadata", {})
    }
    return dict(_leaves({**owned, "metadata": metadata}, ()))


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            if item is not None:
                yield from _leaves(item, (*path, f"f:{key}"))
    elif _is_named_list(value):
        for item in value:
            yield from _leaves(item, (*path, "k:" + json.dumps({"name": item["name"]}, separators=(",", ":"))))
    elif path and not (isinstance(value, Mapping) and path[-1] == "f:metadata"):
        yield path, value


def _is_named_list(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in value)
        and len({item["name"] for item in value}) == len(value)
    )


def build(leaves: Mapping[Path, Any]) -> dict[str, Any]:
    """The object that has these leaves."""
    root: dict[str, Any] = {}
    for path, value in leaves.items():
        _put(root, path, value)
    return root


def _put(holder: Any, path: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    step, rest = path[0], path[1:]
    if step.startswith("f:"):
        key = step[2:]
        if not rest:
            holder[key] = value
            return
        if key not in holder:
            holder[key] = [] if rest[0].startswith("k:") else {}
        _put(holder[key], rest, value)
        return
    name = json.loads(step[2:])["name"]
    item = next((entry for entry in holder if entry["name"] == name), None)
    if item is None:
        item = {"name": name}
        holder.append(item)
    if rest:
        _put(item, rest, value)


def conflicts(
    desired: Leaves, live: Mapping[Path, Any], owners: Mapping[str, frozenset[Path]], manager: str
) -> list[tuple[str, str]]:
    """Manager and field, for every value that another manager owns and that would change."""
    return sorted(
        (other, shown(path))
        for other, paths in owners.items()
        if other != manager
        for path in paths
        if path in desired and path in live and live[path] != desired[path]
    )


def shown(path: Path) -> str:
    """The path as the API server prints it: ``.spec.containers[name="web"].image``."""
    return "".join(
        f".{step[2:]}" if step.startswith("f:") else f'[name="{json.loads(step[2:])["name"]}"]' for step in path
    )


def merge(
    desired: Leaves, live: Mapping[Path, Any], owners: Mapping[str, frozenset[Path]], manager: str
) -> tuple[Leaves, dict[str, frozenset[Path]]]:
    """The leaves and owners after the manager applied; conflicts have been dealt with before."""
    mine = frozenset(desired)
    others = {
        name: frozenset(path for path in paths if path not in desired or live.get(path) == desired[path])
        for name, paths in owners.items()
        if name != manager
    }
    kept = frozenset().union(*others.values()) if others else frozenset()
    dropped = owners.get(manager, frozenset()) - mine - kept
    parents = {path[:length] for path in mine for length in range(1, len(path))}
    merged = {
        path: value
        for path, value in live.items()
        # A value that changed its shape, such as a list of maps that became a plain list, leaves nothing behind.
        if path not in dropped
        and path not in parents
        and not any(path[:length] in mine for length in range(1, len(path)))
    }
    merged.update(desired)
    return merged, {**{name: paths for name, paths in others.items() if paths}, manager: mine}


def fields_v1(paths: frozenset[Path]) -> dict[str, Any]:
    """The nested form in which ``managedFields`` tells owned paths."""
    root: dict[str, Any] = {}
    for path in sorted(paths):
        here = root
        for step in path:
            here = here.setdefault(step, {})
            if step.startswith("k:"):
                here.setdefault(".", {})
                here.setdefault("f:name", {})
    return root


def paths_of(fields: Mapping[str, Any]) -> frozenset[Path]:
    """The owned paths that a nested form tells: the inverse of :func:`fields_v1`."""
    return frozenset(_paths(fields, ()))


def _paths(fields: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for step, inner in fields.items():
        if step == ".":
            continue
        if inner:
            yield from _paths(inner, (*path, step))
        else:
            yield (*path, step)
