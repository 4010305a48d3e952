"""By which lists many objects are looked for: one per kind and namespace, or one of a kind over all namespaces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body

_MANY_NAMESPACES = 5
"""From here on one list over all namespaces is cheaper; below, rights in these namespaces are enough."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one list covers: a kind in one namespace, or wherever it is; no namespace has an empty name."""

    resource_type: ResourceType
    namespaces: tuple[str, ...]

    def listed(self, list_in: Callable[[str | None], Iterable[Body]]) -> Iterator[Body]:
        """What a list gives; who may not see all namespaces may still see these.

        Raises:
            ClusterError: the cluster could not be asked, or refuses to tell.
        """
        if len(self.namespaces) == 1:
            yield from list_in(self.namespaces[0] or None)
            return
        try:
            yield from list_in(None)
        except ClusterError as error:
            if error.code != "cluster.denied":
                raise
            for namespace in self.namespaces:
                yield from list_in(namespace or None)


def scopes(places: Iterable[tuple[ResourceType, str]]) -> list[Scope]:
    """The lists that find everything in these namespaces, of these kinds."""
    namespaces: dict[ResourceType, set[str]] = defaultdict(set)
    for kind, namespace in places:
        namespaces[kind].add(namespace)
    found: list[Scope] = []
    for kind, names in namespaces.items():
        is_one = not kind.namespaced or len(names) > _MANY_NAMESPACES
        found += [Scope(kind, tuple(sorted(names)))] if is_one else [Scope(kind, (name,)) for name in sorted(names)]
    return found
