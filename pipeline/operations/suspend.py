"""Stops the reconciliation of objects, and lets it go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.views import AnyView, view
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.suspend import SwitchedObject
from pipeline.operations.finding import read_existing
from pipeline.operations.reconcile import COMMAND_MANAGER
from pipeline.operations.serving import require_served
from pipeline.ports import ApiServer


@dataclass(frozen=True, slots=True)
class Targets:
    """Objects of one kind; no names mean all of them, and then no namespace means every one."""

    resource_type: ResourceType
    namespace: str | None
    names: tuple[str, ...] = ()


def switch(targets: Targets, server: ApiServer, *, suspend: bool) -> tuple[SwitchedObject, ...]:
    """Suspend or resume them, by name; nothing is changed where one of them does not exist.

    Raises:
        ClusterError: one does not exist, or cannot be read or written.
    """
    require_served(server, (targets.resource_type,))
    return tuple(_switch(targets.resource_type, item, server, suspend=suspend) for item in _found(targets, server))


def _found(targets: Targets, server: ApiServer) -> Sequence[AnyView]:
    kind = targets.resource_type
    if targets.names:
        names = sorted(set(targets.names))
        return [view(kind, read_existing(server, kind, targets.namespace or "", name)) for name in names]
    listing = server.list(kind, targets.namespace)
    return sorted((view(kind, body) for body in listing.items), key=lambda item: item.key)


def _switch(kind: ResourceType, item: AnyView, server: ApiServer, *, suspend: bool) -> SwitchedObject:
    if item.is_suspended is not suspend:
        # Taken out rather than set to false, so that we own nothing of an object that runs as its author wrote it.
        patch = {"spec": {"suspend": True if suspend else None}}
        object_id = ObjectId(kind.group, kind.kind, item.key.namespace, item.key.name)
        if server.merge_patch(kind, object_id, patch, manager=COMMAND_MANAGER) is None:
            raise ClusterError(f"{object_id} was deleted meanwhile", code="cluster.not-found")
    return SwitchedObject(resource_type=kind, key=item.key, is_changed=item.is_suspended is not suspend)
