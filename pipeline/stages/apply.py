"""Apply: plan, refuse, record the intention, write in stages, prune, record what is.

The order makes a crash harmless. Until everything is applied nothing is pruned, and the saved intention lists every
object that may exist because of us, so that the next run finds, repairs and prunes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.errors import PipelineError, RefusedError
from pipeline.model.applying.guards import guarded
from pipeline.model.applying.inventory import Inventory, InventoryKind
from pipeline.model.applying.live_plan import Decision, LivePlan, obstacle_error
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.applying.promotion import entry_of, promoted, says_the_same, with_intention
from pipeline.model.applying.staging import batches
from pipeline.model.comparison.renames import find_renames, mark_renames
from pipeline.model.comparison.shapes import TriedShapes
from pipeline.model.outcome.apply import ApplyInterruptedError, ApplyResult
from pipeline.model.plan import Action, Change, Plan
from pipeline.model.planning.saved_plan import SavedPlan
from pipeline.model.planning.staleness import StalePlanError
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Clock, Cluster, Reporter
from pipeline.stages.holding import Hold
from pipeline.stages.performing import Performer
from pipeline.stages.planned import basis_of, require_current
from pipeline.stages.planning import live_plan, plan_against_live, plan_deferred
from pipeline.stages.prune import prune
from pipeline.stages.record import OVERTAKEN, hand_over, save, still_ours
from pipeline.stages.succession import StatedRollback, succession
from pipeline.stages.surroundings import Surroundings

_PLAN_AGAIN = "nothing was pruned, and the intention is recorded: a new plan repairs and finishes this"
_AGAIN = "nothing was pruned, and the intention is recorded: the same command again repairs and finishes this"


def apply(
    trusted: TrustedManifests,
    cluster: Cluster,
    options: ApplyOptions,
    *,
    reporter: Reporter,
    clock: Clock,
    tried: TriedShapes | None = None,
    planned: SavedPlan | None = None,
    is_stated: StatedRollback | None = None,
) -> ApplyResult:
    """Bring the cluster to what the manifests say, and remember it in the inventory; with ``planned``, exactly so.

    ``is_stated`` finds signed statements of rollbacks, which are followed.

    Raises:
        StalePlanError: it is no longer as planned; what differs is in it.
        TrustError: it was signed before what the inventory records, and nobody asked for a rollback.
        RegistryError: whether somebody stated a rollback could not be found out.
        GuardError: it would delete what a guard keeps.
        RefusedError: conflicts, foreign owners or immutable fields, all named; or another apply came first.
        ManifestError: an object cannot be applied anywhere, such as one that is too large.
        ClusterError: something is missing or denied in the cluster, or it could not be asked.
        ApplyInterruptedError: something failed after the first write; carries what was done.
    """
    saved = cluster.load_inventory(options.namespace, options.inventory)
    inventory = saved or options.new_inventory()
    follows = succession(trusted, inventory, options, is_stated)
    plan = plan_against_live(trusted.manifests, cluster, saved, options, by_sample=not options.dry_run, tried=tried)
    plan = guarded(plan, inventory, options.guards, is_empty=not trusted.manifests.resources)
    if follows.note:
        plan = replace(plan, notes=(follows.note, *plan.notes))
    hold = None
    if planned is not None:
        around = Surroundings(trusted.manifests, cluster, saved, options, plan)
        require_current(planned, basis_of(trusted, cluster, saved, options, plan), saved, plan, around.radius)
        hold = Hold(planned, cluster, plan.seen)
    for note in plan.notes:
        reporter.info(note)
    for line in plan.overridden:
        reporter.warn(f"a guard is overridden: {line}")
    if plan.obstacles:
        raise obstacle_error(plan.obstacles)
    result = replace(
        _result(trusted, cluster, options, plan),
        is_rollback=follows.is_rollback,
        plan_digest=planned.digest if planned is not None else "",
    )
    if options.dry_run:
        return result
    if plan.plan.is_empty:
        after = promoted(inventory, trusted, plan.decisions, {}, began=clock.now())
        if options.save_fingerprints or not says_the_same(inventory, after):
            save(cluster, after, options, clock)
        return result
    performer = Performer(cluster, options, reporter, clock, hold)
    return _Run(trusted, cluster, options, clock, result, inventory, performer, hold).perform(plan)


class _Run:
    """One apply that has something to write."""

    def __init__(
        self,
        trusted: TrustedManifests,
        cluster: Cluster,
        options: ApplyOptions,
        clock: Clock,
        result: ApplyResult,
        inventory: Inventory,
        performer: Performer,
        hold: Hold | None,
    ) -> None:
        self._trusted = trusted
        self._cluster = cluster
        self._options = options
        self._clock = clock
        self._result = result
        self._inventory = inventory
        self._performer = performer
        self._hold = hold
        self._began = clock.now()

    def perform(self, plan: LivePlan) -> ApplyResult:
        """Write everything.

        Raises:
            RefusedError: another apply saved its intention first.
            ApplyInterruptedError: something failed after the first write.
        """
        decisions = plan.decisions
        self._performer.expected = len(self._performer.to_perform(decisions))
        try:
            decisions = self._make_home(decisions)
            intended = with_intention(self._inventory, decisions)
            self._inventory = save(self._cluster, intended, self._options, self._clock)
            decisions = self._apply_all(decisions)
        except PipelineError as error:
            if not self._performer.done:
                raise
            raise self._interrupted(error, decisions) from error
        return self._finish(decisions)

    def _make_home(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        """Create the inventory's own namespace first: without it there is no place to record an intention in.

        A crash right after it leaves an empty namespace that carries our labels, which the next run adopts.
        """
        if self._inventory.kind is not InventoryKind.PIPELINE:
            return tuple(decisions)
        for item in decisions:
            is_home = item.object_id.kind == "Namespace" and item.object_id.name == self._inventory.namespace
            if is_home and item.change.action is Action.CREATE:
                self._performer.perform_all([item])
                self._performer.wait_until_ready([item])
        return tuple(decisions)

    def _apply_all(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        """Stage 0, then, once definitions and namespaces are ready, the rest; returns the decisions as they became."""
        first = [batch for stage, batch in batches(decisions) if stage == 0]
        self._apply_batches(first)
        deferred = [item for item in decisions if item.is_deferred]
        stage_0 = [item for batch in first for item in batch]
        self._performer.wait_until_ready(stage_0 if deferred else self._performer.performed(stage_0))
        if deferred:
            self._performer.wait_until_served(deferred)
            planned = plan_deferred(deferred, self._cluster, self._inventory, self._options)
            if planned.obstacles:
                raise obstacle_error(planned.obstacles, "found once definitions and namespaces were there")
            if self._hold is not None:
                self._hold.check_deferred(planned.decisions, planned.seen)
            ready = [item for item in decisions if not item.is_deferred]
            decisions = live_plan([*ready, *planned.decisions], ()).decisions
        self._apply_batches([batch for stage, batch in batches(decisions) if stage > 0])
        return tuple(decisions)

    def _apply_batches(self, groups: Sequence[Sequence[Decision]]) -> None:
        for group in groups:
            waiting = self._performer.to_perform(group)
            if waiting:
                still_ours(self._cluster, self._inventory)
                self._performer.perform_all(waiting)

    def _finish(self, decisions: Sequence[Decision]) -> ApplyResult:
        """Prune and record; objects that could not be pruned stay in the inventory."""
        try:
            still_ours(self._cluster, self._inventory)
        except RefusedError as error:
            raise self._interrupted(error, decisions) from error
        outcome = prune(decisions, self._cluster, self._inventory, self._options)
        unpruned = [item.entry for item, _ in outcome.failed]
        after = promoted(self._inventory, self._trusted, decisions, self._performer.done, unpruned, began=self._began)
        after = replace(after, overridden=self._result.overridden)
        try:
            save(self._cluster, after, self._options, self._clock)
        except PipelineError as error:
            raise self._interrupted(error, decisions, outcome.pruned) from error
        if outcome.failed:
            hint = "everything else is done; what is left stays in the inventory, and the next run tries again"
            raise ApplyInterruptedError(outcome.error(), self._partial(decisions, outcome.pruned), hint=hint)
        return self._whole(decisions, outcome.kept)

    def _interrupted(
        self, error: PipelineError, decisions: Sequence[Decision], pruned: Sequence[Change] = ()
    ) -> ApplyInterruptedError:
        hint = "" if pruned else _PLAN_AGAIN if self._hold is not None else _AGAIN
        if error.code == OVERTAKEN:
            written = [entry_of(item, self._performer.done) for item in self._performer.performed(decisions)]
            known = hand_over(written, self._inventory, self._cluster, self._options, self._clock)
            names = ", ".join(str(item.object_id) for item in written)
            hint = "" if known else f"the other apply has not ended; look after what this one wrote: {names}"
        partial = self._partial(decisions, pruned)
        if isinstance(error, StalePlanError):
            partial = replace(partial, differences=error.differences)
        return ApplyInterruptedError(error, partial, hint=hint)

    def _whole(self, decisions: Sequence[Decision], kept: Sequence[Change]) -> ApplyResult:
        replaced = {change.object_id: change for change in kept}
        changes = [replaced.get(item.object_id, item.change) for item in decisions]
        return replace(self._result, plan=_plan(changes))

    def _partial(self, decisions: Sequence[Decision], pruned: Sequence[Change] = ()) -> ApplyResult:
        done = self._performer.done
        changes = [item.change for item in decisions if item.object_id in done and item.body is not None]
        unchanged = [item.change for item in decisions if item.change.action is Action.UNCHANGED]
        return replace(self._result, plan=_plan([*changes, *pruned, *unchanged]), is_complete=False)


def _plan(changes: Sequence[Change]) -> Plan:
    visible = tuple(change for change in changes if change.action is not Action.UNCHANGED)
    return Plan(_named(visible), len(changes) - len(visible))


def _named(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The same, where generated objects under a new name say so, as they do in a plan."""
    return mark_renames(changes, find_renames(changes), {}, {})


def _result(trusted: TrustedManifests, cluster: Cluster, options: ApplyOptions, plan: LivePlan) -> ApplyResult:
    reference = trusted.reference
    return ApplyResult(
        cluster=cluster.context,
        namespace=options.namespace,
        inventory=options.inventory,
        plan=replace(plan.plan, changes=_named(plan.plan.changes)),
        dry_run=options.dry_run,
        repository=str(reference.repository) if reference else "",
        digest=reference.digest if reference else "",
        digest_url=reference.digest_url if reference else "",
        source=trusted.source,
        revision=trusted.revision,
        verified_by=tuple(signature.signer for signature in trusted.signatures),
        signatures=trusted.signatures,
        notes=plan.notes,
        overridden=plan.overridden,
    )
