"""Drift: what applying the recorded artifact once more would have to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.health import Health, HealthStatus, health_of_missing
from pipeline.model.manifests import Manifests, ObjectId
from pipeline.model.outcome.verify import DriftPart, Verdict
from pipeline.model.plan import Action, Change
from pipeline.ports import Cluster
from pipeline.stages import attributing
from pipeline.stages.planning import plan_against_live


def plan_as_recorded(manifests: Manifests, cluster: Cluster, inventory: Inventory, *, concurrency: int) -> LivePlan:
    """What applying the recorded artifact again would do.

    Raises:
        ManifestError: two objects become the same one in the inventory's namespace.
        ClusterError: the cluster could not be asked.
    """
    return plan_against_live(
        manifests,
        cluster,
        inventory,
        ApplyOptions(
            inventory=inventory.name,
            namespace=inventory.namespace,
            # Left over because somebody applied with --no-prune, or kept by the object's own wish: no drift.
            prune=False,
            # Whose fields they are now is told with each field; only a plan is made, nothing is taken.
            force_conflicts=True,
            dry_run=True,
            concurrency=concurrency,
        ),
    )


MAX_ATTRIBUTED = 50
"""For so many objects the managers are looked up; who has more drift than that has one reason for it."""


def judge_drift(plan: LivePlan) -> DriftPart:
    """Whether the plan has anything to do; what may be missing does not count."""
    gone = gone_as_expected(plan)
    changes = tuple(
        change
        for change in plan.plan.changes
        if change.action not in {Action.SKIP, Action.UNCHANGED, Action.PRUNE} and change.object_id not in gone
    )
    problems = tuple(dict.fromkeys(f"{item.subject}: {item.problem}" for item in plan.obstacles))
    if not changes and not problems:
        return DriftPart(verdict=Verdict.PASSED, message=f"{plan.plan.unchanged + len(gone)} object(s) as applied")
    return DriftPart(verdict=Verdict.FAILED, message=_message(changes, problems), changes=changes, problems=problems)


def _message(changes: tuple[Change, ...], problems: tuple[str, ...]) -> str:
    missing = sum(change.action is Action.CREATE for change in changes)
    parts = []
    if len(changes) > missing:
        parts.append(f"{len(changes) - missing} object(s) differ from the artifact")
    if missing:
        parts.append(f"{missing} object(s) are missing")
    if problems:
        parts.append(f"{len(problems)} problem(s) would keep it from being applied again")
    return ", ".join(parts)


def gone_as_expected(plan: LivePlan | None) -> Mapping[ObjectId, Health]:
    """Objects that may be missing: finished Jobs with a time to live, and what asks to be left alone."""
    if plan is None:
        return {}
    gone = {}
    for decision in plan.decisions:
        action = decision.change.action
        if action is Action.CREATE and decision.body is not None:
            verdict = health_of_missing(decision.body)
        elif action is Action.SKIP:
            verdict = Health(HealthStatus.CURRENT, message=f"not there, and not wanted: {decision.change.reason}")
        else:
            continue
        if verdict.is_current:
            gone[decision.object_id] = verdict
    return gone


def attribute(part: DriftPart, plan: LivePlan, cluster: Cluster, *, concurrency: int) -> DriftPart:
    """Name the manager of every field that differs, where the plan has not done so."""
    kinds = {decision.object_id: decision.resource_type for decision in plan.decisions if decision.resource_type}
    changes = attributing.attribute(part.changes, kinds, cluster, concurrency=concurrency, only_drift=False)
    return replace(part, changes=changes)
