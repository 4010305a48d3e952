"""Applying what was rendered, by the same engine as ``gitless apply``, under Flux's manager and labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.errors import GuardError, PipelineError
from pipeline.model.applying.guards import Guards
from pipeline.model.applying.inventory import Inventory, InventoryKind
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.applying.take_over import Predecessor
from pipeline.model.flux import api
from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.outcome.apply import ApplyInterruptedError, ApplyResult
from pipeline.model.plan import Action, Change, Plan
from pipeline.puller.kustomizations.guarding import guards_of
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.rendering import Rendered
from pipeline.puller.kustomizations.status_inventory import StatusInventory
from pipeline.puller.kustomizations.stops import LED, StopError, led_by_another
from pipeline.puller.kustomizations.targets import Target
from pipeline.stages.apply import apply

PREDECESSORS = (
    Predecessor("kubectl", is_prefix=True),
    Predecessor("before-first-apply", "Update"),
    Predecessor(api.APPLY_MANAGER, "Update"),
    # The pipeline's own `gitless apply`, which a puller may follow.
    Predecessor("gitless"),
)
_LONGEST_WAIT = 60.0
"""Seconds for definitions, namespaces and deletions between the stages of one apply, as Flux waits for them."""
_UNGUARDED = Guards()
_SHOWN = 100
_FEW = 6


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, and the inventory after it."""

    changes: tuple[Change, ...]
    inventory: Inventory
    overridden: tuple[str, ...] = ()
    """Guards that were overridden for it, each with what it would have kept."""

    @property
    def skipped(self) -> frozenset[ObjectId]:
        """Objects that were left alone on purpose."""
        return frozenset(change.object_id for change in self.changes if change.action is Action.SKIP)


def apply_rendered(
    body: Body, spec: KustomizationSpec, rendered: Rendered, target: Target, store: StatusInventory, parts: Parts
) -> Applied:
    """Apply and prune.

    Raises:
        StopError: something cannot be applied or pruned; what was done until then is said.
        ClusterError: the cluster could not be asked.
    """
    guards = _guards(body, rendered, parts)
    options = apply_options(body, spec, guards, dry_run=False, objects=len(rendered.manifests))
    cluster = target.cluster.with_inventories(store)
    try:
        result = apply(
            rendered.trusted,
            cluster,
            options,
            reporter=parts.reporter,
            clock=parts.clock,
            # What is accepted from us may be refused to others, and by another cluster.
            tried=parts.tried if target.is_home else None,
        )
    except ApplyInterruptedError as error:
        if error.code == LED:
            raise led_by_another() from None
        _distrust(rendered, parts)
        reason = api.PRUNE_FAILED if error.code == "cluster.prune" else api.RECONCILIATION_FAILED
        done = change_lines(error.result.plan)
        raise StopError(reason, error.message + (f"\n{done}" if done else "")) from None
    except GuardError as error:
        raise StopError(api.GUARD_TRIPPED, f"{error.message}\n{error.hint}") from None
    except PipelineError as error:
        if error.code == LED:
            raise
        _distrust(rendered, parts)
        raise StopError(api.RECONCILIATION_FAILED, error.message) from None
    changes = result.plan.changes
    inventory = store.inventory if spec.prune else _without_leftover(store.inventory, changes)
    return Applied(changes, inventory, result.overridden)


def _distrust(rendered: Rendered, parts: Parts) -> None:
    """After a failure, look again whether the namespaces exist."""
    for namespace in {item.id.namespace for item in rendered.manifests}:
        parts.tried.forget(namespace)


def _without_leftover(inventory: Inventory, changes: tuple[Change, ...]) -> Inventory:
    """Without ``prune`` Flux forgets what the source no longer has, and never prunes it later."""
    leftover = {change.object_id for change in changes if change.reason.startswith("not pruned")}
    return replace(inventory, applied={key: item for key, item in inventory.applied.items() if key not in leftover})


def plan_rendered(
    body: Body, spec: KustomizationSpec, rendered: Rendered, target: Target, store: StatusInventory, parts: Parts
) -> ApplyResult:
    """What applying would do.

    Raises:
        StopError: something could not be applied.
    """
    options = apply_options(body, spec, _guards(body, rendered, parts), dry_run=True)
    cluster = target.cluster.with_inventories(store)
    try:
        return apply(rendered.trusted, cluster, options, reporter=parts.reporter, clock=parts.clock)
    except PipelineError as error:
        raise StopError(api.RECONCILIATION_FAILED, error.message) from None


def _guards(body: Body, rendered: Rendered, parts: Parts) -> Guards:
    reference = rendered.trusted.reference
    return guards_of(body, reference.digest if reference is not None else "", parts.options)


def apply_options(
    body: Body, spec: KustomizationSpec, guards: Guards = _UNGUARDED, *, dry_run: bool, objects: int = 100
) -> ApplyOptions:
    """How a Kustomization is applied: whatever it names becomes its own, as under Flux."""
    metadata = body["metadata"]
    return ApplyOptions(
        inventory=metadata["name"],
        kind=InventoryKind.KUSTOMIZATION,
        namespace=metadata["namespace"],
        prune=spec.prune,
        dry_run=dry_run,
        force_conflicts=True,
        recreate=spec.force,
        take_ownership=True,
        predecessors=PREDECESSORS,
        ignore=spec.ignore,
        require_namespace=True,
        save_fingerprints=True,
        guards=guards,
        # Threads cost more than they save where there is little to do.
        concurrency=4 if objects > _FEW else 1,
        timeout=min(_LONGEST_WAIT, spec.effective_timeout),
        writer="puller",
    )


_VERBS = {
    Action.CREATE: "created",
    Action.CONFIGURE: "configured",
    Action.RECREATE: "recreated",
    Action.PRUNE: "deleted",
}


def change_lines(plan: Plan) -> str:
    """What was done, a line per object as in Flux's events: ``Deployment/shop/web configured``."""
    lines = [f"{named(change.object_id)} {_VERBS[change.action]}" for change in plan.changes if change.action in _VERBS]
    if len(lines) > _SHOWN:
        lines = [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more"]
    return "\n".join(lines)


def named(object_id: ObjectId) -> str:
    """Kind, namespace and name as Flux writes them."""
    return "/".join(part for part in (object_id.kind, object_id.namespace, object_id.name) if part)
