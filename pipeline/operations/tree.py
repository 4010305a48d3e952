"""Reads what a tree of Kustomizations is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from pipeline.errors import ClusterError
from pipeline.model.flux.api import KUSTOMIZATIONS
from pipeline.model.flux.inventory import InventoryEntry, read_inventory
from pipeline.model.flux.tree import MAX_DEPTH, Branches, grow, is_remote, kustomization_id, nested
from pipeline.model.health import Health, health
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.outcome.tree import TreeResult
from pipeline.operations.finding import read_existing
from pipeline.ports import ApiServer, Clock

_CONCURRENCY = 8


def show_tree(
    namespace: str, name: str, server: ApiServer, clock: Clock, *, compact: bool = False, with_health: bool = False
) -> TreeResult:
    """The Kustomization's inventory, and those of the Kustomizations in it.

    Raises:
        ClusterError: there is no such Kustomization, or something cannot be read.
    """
    root = kustomization_id(namespace, name)
    found = _kustomizations(root, read_existing(server, KUSTOMIZATIONS, namespace, name), server)
    verdicts = _health(found, server, clock.now()) if with_health else {}
    return TreeResult(cluster=server.context, root=grow(root, Branches(found, verdicts, compact)))


def _kustomizations(root: ObjectId, body: Body, server: ApiServer) -> dict[ObjectId, Body | None]:
    """Level by level, each one once."""
    found: dict[ObjectId, Body | None] = {root: body}
    level: list[Body] = [body]
    for _ in range(MAX_DEPTH):
        wanted = [key for key in dict.fromkeys(key for parent in level for key in nested(parent)) if key not in found]
        with ThreadPoolExecutor(_CONCURRENCY) as pool:
            bodies = list(pool.map(lambda key: server.read(KUSTOMIZATIONS, key.namespace, key.name), wanted))
        found |= dict(zip(wanted, bodies, strict=True))
        level = [item for item in bodies if item is not None]
        if not level:
            break
    return found


def _health(kustomizations: Mapping[ObjectId, Body | None], server: ApiServer, now: float) -> Mapping[ObjectId, Health]:
    """Of everything in this cluster that may be read."""
    bodies = [body for body in kustomizations.values() if body is not None]
    entries = {entry.object_id: entry for body in bodies if not is_remote(body) for entry in read_inventory(body)}
    verdicts = {key: health(body, now=now) for key, body in kustomizations.items()}
    rest = [entry for key, entry in entries.items() if key not in kustomizations]
    with ThreadPoolExecutor(_CONCURRENCY) as pool:
        judged: Iterable[Health | None] = pool.map(lambda entry: _judge(entry, server, now), rest)
        verdicts |= {entry.object_id: found for entry, found in zip(rest, judged, strict=True) if found is not None}
    return verdicts


def _judge(entry: InventoryEntry, server: ApiServer, now: float) -> Health | None:
    """``None`` where we may not look."""
    object_id = entry.object_id
    resource_type = server.resource_type(entry.api_version, object_id.kind)
    if resource_type is None:
        return health(None)
    try:
        return health(server.read(resource_type, object_id.namespace, object_id.name), now=now)
    except ClusterError as error:
        if error.code != "cluster.denied":
            raise
        return None
