"""Follows an object to who applies it, and on to the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.errors import UsageError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.flux.lineage import (
    KustomizationStep,
    SourceStep,
    controller_of,
    identity,
    inventory_of,
    kustomization_of,
    kustomization_step,
    other_owner,
    source_reference,
    source_step,
)
from pipeline.model.flux.tree import kustomization_id
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.outcome.trace import InventoryStep, TraceResult
from pipeline.operations.finding import read_existing
from pipeline.ports import ApiServer

_MAX_STEPS = 32
"""Owners of owners that are followed; objects may well name each other in a circle."""

LoadInventory = Callable[[str, str], Inventory | None]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is traced; the namespace is ignored for kinds without one."""

    api_version: str
    kind: str
    namespace: str
    name: str


def trace(subject: Subject, server: ApiServer, load_inventory: LoadInventory) -> TraceResult:
    """Where the object comes from.

    Raises:
        UsageError: the cluster does not serve the kind.
        ClusterError: the object does not exist, or something cannot be read.
    """
    resource_type = server.resource_type(subject.api_version, subject.kind)
    if resource_type is None:
        raise UsageError(
            f"{server.context} serves no {subject.kind} in {subject.api_version}",
            hint="say which with --api-version; the kind is written as in manifests",
        )
    body = read_existing(server, resource_type, subject.namespace, subject.name)
    object_id = identity(body)
    made_by = _climb(body, server)
    top = made_by[-1]
    through = tuple(identity(item) for item in made_by[1:])
    owner, claimed = kustomization_of(top), inventory_of(top)
    # What one took over from the other carries the labels of both; their inventories tell.
    return TraceResult(
        cluster=server.context,
        object_id=object_id,
        through=through,
        kustomizations=tuple(_kustomizations(owner, identity(top), server)) if owner else (),
        inventory=_inventory(claimed, identity(top), load_inventory) if claimed else None,
        other_owner=None if owner or claimed else other_owner(top),
    )


def _climb(body: Body, server: ApiServer) -> list[Body]:
    """The object and those that made it, up to the first that says who applies it, or that nobody made."""
    climbed = [body]
    for _ in range(_MAX_STEPS):
        if other_owner(body) is not None:
            break
        controller = controller_of(body)
        resource_type = server.resource_type(*controller[:2]) if controller else None
        if controller is None or resource_type is None:
            break
        namespace = identity(body).namespace if resource_type.namespaced else ""
        above = server.read(resource_type, namespace, controller[2])
        if above is None:
            break
        climbed.append(above)
        body = above
    return climbed


def _inventory(claimed: tuple[str, str], object_id: ObjectId, load_inventory: LoadInventory) -> InventoryStep:
    found = load_inventory(*claimed)
    lists = found is not None and object_id in found.known
    return InventoryStep(namespace=claimed[0], name=claimed[1], inventory=found, lists=lists)


def _kustomizations(owner: tuple[str, str], below: ObjectId, server: ApiServer) -> list[KustomizationStep]:
    """From the one that applies the object up to the one that nobody applies, or that applies itself."""
    steps: list[KustomizationStep] = []
    seen: set[tuple[str, str]] = set()
    next_owner: tuple[str, str] | None = owner
    while next_owner is not None and next_owner not in seen and len(steps) < _MAX_STEPS:
        namespace, name = next_owner
        seen.add(next_owner)
        body = server.read(KUSTOMIZATIONS, namespace, name)
        step = kustomization_step(namespace, name, body, below)
        steps.append(step if body is None else replace(step, source=_source(body, server)))
        below = kustomization_id(namespace, name)
        next_owner = kustomization_of(body) if body is not None else None
    return steps


def _source(kustomization: Body, server: ApiServer) -> SourceStep:
    """Sources of other kinds are read as well where the cluster serves them: a Flux beside us may."""
    reference = source_reference(kustomization)
    kind, namespace, name = reference
    if kind == OCI_REPOSITORIES.kind:
        return source_step(reference, server.read(OCI_REPOSITORIES, namespace, name))
    resource_type = server.resource_type(OCI_REPOSITORIES.api_version, kind) if kind else None
    return source_step(reference, server.read(resource_type, namespace, name) if resource_type else None)
