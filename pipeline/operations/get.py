"""Looks at OCIRepositories and Kustomizations, once or for as long as somebody watches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.selecting import StatusSelector
from pipeline.model.flux.views import AnyView, view
from pipeline.operations.following import Selection, follow
from pipeline.operations.serving import require_served
from pipeline.ports import ApiServer, Reporter


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects are looked at, kind by kind."""

    resource_types: tuple[ResourceType, ...]
    selection: Selection
    status: StatusSelector | None = None

    def selects(self, item: AnyView) -> bool:
        """Whether the object's status is one of those asked for."""
        return self.status is None or self.status.selects(item)


def get(query: Query, server: ApiServer) -> tuple[AnyView, ...]:
    """All of them, kind by kind, by namespace and name.

    Raises:
        ClusterError: the kinds are not served, cannot be listed, or there is none of the one name asked for.
    """
    require_served(server, query.resource_types)
    chosen = query.selection
    found: list[AnyView] = []
    for resource_type in query.resource_types:
        listing = server.list(resource_type, chosen.namespace, chosen.labels, fields=chosen.fields)
        found += sorted((view(resource_type, body) for body in listing.items), key=lambda item: item.key)
    if chosen.name and not found:
        raise _missing(query, chosen.name)
    return tuple(item for item in found if query.selects(item))


def watch(query: Query, server: ApiServer, reporter: Reporter) -> Iterator[tuple[AnyView, ...]]:
    """All of them, then each one that changes, without end; what is deleted is only told.

    Raises:
        ClusterError: as for :func:`get`; later errors are told, and tried again.
    """
    require_served(server, query.resource_types)
    with follow(server, query.resource_types, query.selection, reporter) as following:
        yield tuple(
            item
            for resource_type in query.resource_types
            for item in (view(resource_type, body) for _, body in sorted(following.objects(resource_type).items()))
            if query.selects(item)
        )
        while True:
            for change in following.next(None):
                if change.body is None:
                    reporter.info(f"{change.resource_type.kind} {change.key} is gone")
                    continue
                item = view(change.resource_type, change.body)
                if query.selects(item):
                    yield (item,)


def _missing(query: Query, name: str) -> ClusterError:
    kinds = " or ".join(resource_type.kind for resource_type in query.resource_types)
    namespace = query.selection.namespace
    where = f"namespace {namespace}" if namespace else "any namespace"
    return ClusterError(
        f"there is no {kinds} {name} in {where}",
        hint="look in another namespace with -n, or in all of them with -A" if namespace else None,
        code="cluster.not-found",
    )
