"""The shape of an object: its fields and the types of their values, without the values.

Objects of one kind and shape pass or fail the API server's schema, rights and most admission together, so that trying
one of them tells about all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from threading import Lock
from typing import TypeVar

from pipeline.model.manifests import Body

_FREE_MAPS = frozenset(
    {"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "selector", "stringData"}
)
"""Fields whose keys are the user's, not the schema's."""

FEW = 50
"""So many are all tried; the time only matters beyond."""

Item = TypeVar("Item")


def shape(value: object) -> Hashable:
    """The same for two values exactly when they have the same fields and types; list items count as a set."""
    if isinstance(value, Mapping):
        return frozenset((key, key if key in _FREE_MAPS else shape(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return ("list", frozenset(shape(inner) for inner in value))
    return type(value).__name__


def representatives(bodies: Iterable[tuple[Item, Body]]) -> set[Item]:
    """Which to try before any is created: all where they are few, else one of each kind, namespace and shape."""
    bodies = list(bodies)
    if len(bodies) <= FEW:
        return {item for item, _ in bodies}
    first: dict[Hashable, Item] = {}
    for item, body in bodies:
        first.setdefault(_key(body), item)
    return set(first.values())


class TriedShapes:
    """What the API server has accepted of late, for a process that creates the like again. Safe in many threads."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._namespaces: set[str] = set()
        self._lock = Lock()

    def untried(self, bodies: Iterable[tuple[Item, Body]]) -> set[Item]:
        """Those whose like was not accepted yet."""
        keyed = [(item, hash(_key(body))) for item, body in bodies]
        with self._lock:
            return {item for item, key in keyed if key not in self._seen}

    def has_seen(self, namespace: str) -> bool:
        """Whether anything was accepted in that namespace, so that it existed then."""
        return namespace in self._namespaces

    def forget(self, namespace: str) -> None:
        """The namespace may be gone."""
        with self._lock:
            self._namespaces.discard(namespace)

    def accepted(self, bodies: Iterable[Body]) -> None:
        """Remember that the API server took these, if only for a trial."""
        bodies = list(bodies)
        keys = [hash(_key(body)) for body in bodies]
        namespaces = {str(body["metadata"].get("namespace") or "") for body in bodies}
        with self._lock:
            self._namespaces = (self._namespaces if len(self._namespaces) < self._most else set()) | namespaces
            for key in keys:
                self._seen[key] = None
                self._seen.move_to_end(key)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)


def _key(body: Body) -> Hashable:
    return (body["apiVersion"], body["kind"], body["metadata"].get("namespace"), shape(body))
