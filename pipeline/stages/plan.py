"""Plan: a diff that says how far it reaches, and against a cluster what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.errors import TrustError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.manifests import Manifests
from pipeline.model.plan import Plan
from pipeline.model.planning.basis import Basis
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.model.planning.reach import blast_radius
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Cluster
from pipeline.stages.diff import diff_inventory
from pipeline.stages.planned import basis_of
from pipeline.stages.succession import StatedRollback, succession
from pipeline.stages.surroundings import Surroundings


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
    is_stated: StatedRollback | None = None,
) -> Planned:
    """What applying the manifests would change in the cluster, and how far that reaches; nothing is written.

    ``trusted`` are the same manifests where they may be applied, which the plan then can be; ``is_stated`` finds
    signed statements of rollbacks, as apply does.

    Raises:
        ManifestError: two objects become the same one in the default namespace.
        ClusterError: the cluster could not be asked.
    """
    inventory = cluster.load_inventory(options.namespace, options.inventory)
    live = diff_inventory(manifests, cluster, inventory, options, is_full=is_full)
    if trusted is not None:
        live = replace(live, notes=(*live.notes, *_order_notes(trusted, inventory, options, is_stated)))
    radius = Surroundings(manifests, cluster, inventory, options, live).radius()
    is_appliable = trusted is not None and trusted.reference is not None
    basis = basis_of(trusted, cluster, inventory, options, live) if is_appliable and trusted is not None else None
    return Planned(live, radius, basis)


def _order_notes(
    trusted: TrustedManifests, inventory: Inventory | None, options: ApplyOptions, is_stated: StatedRollback | None
) -> Iterator[str]:
    """What applying would say about the artifact's age; it is refused there, and told here."""
    if inventory is None:
        return
    try:
        follows = succession(trusted, inventory, options, is_stated)
    except TrustError as error:
        yield f"{error.message}; applying refuses that without --allow-rollback"
        return
    if follows.note:
        yield follows.note
