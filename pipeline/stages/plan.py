"""Plan: a diff that says how far it reaches, and against a cluster what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipeline.errors import ClusterError, TrustError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.cluster import ResourceType
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.manifests import Body, Manifests, ObjectId
from pipeline.model.plan import Action, Change, Plan
from pipeline.model.planning.basis import Basis
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.model.planning.endpoints import disturbed_namespaces
from pipeline.model.planning.lost_data import DEFINITION, NAMESPACE
from pipeline.model.planning.reach import blast_radius
from pipeline.model.planning.workloads import WORKLOADS, kind_of
from pipeline.model.trust.replay import check_not_older
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Cluster
from pipeline.stages.diff import diff_inventory
from pipeline.stages.parallel import in_parallel
from pipeline.stages.planned import basis_of

_LOOKED_AT = frozenset({*WORKLOADS, DEFINITION, ("", "PersistentVolume")})
"""Kinds of which the live object says more than the change does; Services are listed."""
_CLAIM = ("v1", "PersistentVolumeClaim")
_SERVICE = ("v1", "Service")

Bodies = Mapping[ObjectId, Body]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan against a cluster; ``basis`` is there where it leads to an artifact."""

    live: LivePlan
    radius: BlastRadius
    basis: Basis | None = None


def reach_of(plan: Plan, before: Manifests, after: Manifests) -> BlastRadius:
    """How far a plan between two sets of manifests reaches."""
    return blast_radius(plan, *({resource.id: resource.body for resource in side} for side in (before, after)))


def plan_live(
    manifests: Manifests,
    cluster: Cluster,
    options: ApplyOptions,
    *,
    trusted: TrustedManifests | None = None,
    is_full: bool = False,
) -> Planned:
    """What applying the manifests would change in the cluster, and how far that reaches; nothing is written.

    ``trusted`` are the same manifests where they may be applied, which the plan then can be.

    Raises:
        ManifestError: two objects become the same one in the default namespace.
        ClusterError: the cluster could not be asked.
    """
    inventory = cluster.load_inventory(options.namespace, options.inventory)
    live = diff_inventory(manifests, cluster, inventory, options, is_full=is_full)
    if trusted is not None:
        live = replace(live, notes=(*live.notes, *_order_notes(trusted, inventory, options)))
    radius = _Surroundings(manifests, cluster, inventory, options, live).radius()
    is_appliable = trusted is not None and trusted.reference is not None
    basis = basis_of(trusted, cluster, inventory, options, live) if is_appliable and trusted is not None else None
    return Planned(live, radius, basis)


def _order_notes(trusted: TrustedManifests, inventory: Inventory | None, options: ApplyOptions) -> Iterator[str]:
    """What applying would say about the artifact's age; it is refused there, and told here."""
    if trusted.reference is None or not trusted.is_verified or inventory is None:
        return
    try:
        succession = check_not_older(
            trusted.issued_at,
            inventory.issued_at,
            new_digest=trusted.reference.digest,
            recorded_digest=inventory.digest,
            allow_rollback=options.allow_rollback,
        )
    except TrustError as error:
        yield f"{error.message}; applying refuses that without --allow-rollback"
        return
    if succession.note:
        yield succession.note


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Reads what the blast radius needs beside the plan itself; what may not be read is left out."""

    manifests: Manifests
    cluster: Cluster
    inventory: Inventory | None
    options: ApplyOptions
    live: LivePlan

    def radius(self) -> BlastRadius:
        changes = self.live.plan.changes
        after = self._desired()
        changed = {change.object_id for change in changes}
        before = {object_id: body for object_id, body in after.items() if object_id not in changed}
        before |= self._read(changes)
        before |= self._services(disturbed_namespaces(changes))
        pruned = {change.object_id for change in changes if change.action is Action.PRUNE}
        skipped = {change.object_id for change in changes if change.action is Action.SKIP}
        # What nobody touches is afterwards what it was before.
        kept = {key: body for key, body in before.items() if key not in pruned and (key not in after or key in skipped)}
        known = [*(self.inventory.known if self.inventory else ()), *self._doomed(changes, before)]
        return blast_radius(self.live.plan, before, {**after, **kept}, known)

    def _desired(self) -> dict[ObjectId, Body]:
        """The manifests by where they go."""
        placed = {item.object_id for item in self.live.decisions}
        found = {}
        for resource in self.manifests:
            here = replace(resource.id, namespace=resource.id.namespace or self.options.namespace)
            found[here if here in placed else resource.id] = resource.body
        return found

    def _read(self, changes: Sequence[Change]) -> dict[ObjectId, Body]:
        wanted = [
            change
            for change in changes
            if change.action is not Action.CREATE and kind_of(change.object_id) in _LOOKED_AT
        ]

        def read(change: Change) -> Body | None:
            kind = self._type(change.api_version, change.object_id.kind)
            if kind is None:
                return None
            with suppress(ClusterError):
                return self.cluster.read(kind, change.object_id.namespace, change.object_id.name)
            return None

        bodies = in_parallel(read, wanted, concurrency=self.options.concurrency)
        return {item.object_id: body for item, body in zip(wanted, bodies, strict=True) if body is not None}

    def _services(self, namespaces: Iterable[str]) -> dict[ObjectId, Body]:
        """Every Service around what changes, whoever it belongs to."""
        kind = self._type(*_SERVICE)
        found: dict[ObjectId, Body] = {}
        for namespace in sorted(namespaces) if kind is not None else ():
            with suppress(ClusterError):
                found |= {
                    ObjectId("", "Service", namespace, str(body["metadata"]["name"])): body
                    for body in self.cluster.list_objects(kind, namespace)  # type: ignore[arg-type]
                }
        return found

    def _doomed(self, changes: Sequence[Change], before: Bodies) -> Iterator[ObjectId]:
        """The claims in Namespaces, and the objects of definitions, that are deleted with them."""
        for change in changes:
            if change.action not in {Action.PRUNE, Action.RECREATE}:
                continue
            object_id = change.object_id
            if kind_of(object_id) == NAMESPACE:
                yield from self._names(self._type(*_CLAIM), object_id.name)
            elif kind_of(object_id) == DEFINITION:
                yield from self._names(self._defined(before.get(object_id, {})), None)

    def _defined(self, definition: Body) -> ResourceType | None:
        spec = mapping_at(definition, "spec")
        group, kind = spec.get("group"), mapping_at(spec, "names").get("kind")
        versions = spec.get("versions") or ()
        for version in versions:
            if version.get("served", True) and (found := self._type(f"{group}/{version.get('name')}", str(kind))):
                return found
        return None

    def _names(self, kind: ResourceType | None, namespace: str | None) -> Iterator[ObjectId]:
        if kind is None:
            return
        with suppress(ClusterError):
            for item in self.cluster.list_metadata(kind, namespace):
                metadata = item["metadata"]
                yield ObjectId(kind.group, kind.kind, str(metadata.get("namespace") or ""), str(metadata["name"]))

    def _type(self, api_version: str, kind: str) -> ResourceType | None:
        with suppress(ClusterError):
            return self.cluster.resource_type(api_version, kind)
        return None
