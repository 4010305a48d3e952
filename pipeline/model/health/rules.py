"""The order of the rules: what every object may say about itself, then the rule of its kind, then ``Ready``.

Semantics: kstatus (``fluxcd/cli-utils/pkg/kstatus/status``), as Flux's health checks apply it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.model.health import workloads
from pipeline.model.health.verdict import (
    Health,
    HealthStatus,
    condition,
    conditions,
    current,
    failed,
    in_progress,
    lookup,
)
from pipeline.model.manifests import Body, group_of


def health(body: Body | None, *, now: float | None = None) -> Health:
    """Judge a live object; ``None`` is one that is not there.

    Args:
        body: the whole live object, status included.
        now: seconds since the epoch. Without it an unschedulable pod is never called failed.
    """
    if body is None:
        return Health(HealthStatus.NOT_FOUND, "NotFound", "does not exist")
    verdict = _generic(body)
    if verdict is not None:
        return verdict
    kind = f"{_group(body)}/{body.get('kind', '')}"
    if kind == "/Pod":
        return workloads.pod(body, now)
    rule = RULES.get(kind)
    return rule(body) if rule is not None else _by_ready_condition(body)


def health_of_missing(desired: Body) -> Health:
    """Judge an object that was applied and is not there: a Job with a time to live may have finished and gone."""
    is_job = _group(desired) == "batch" and desired.get("kind") == "Job"
    if is_job and lookup(desired, "spec.ttlSecondsAfterFinished") is not None:
        return current("Finished and removed after its time to live")
    return health(None)


def _group(body: Body) -> str:
    return group_of(str(body.get("apiVersion", "")))


def _generic(body: Body) -> Health | None:
    """What holds for every kind; ``None`` where nothing can be said."""
    if lookup(body, "metadata.deletionTimestamp"):
        return Health(HealthStatus.TERMINATING, "Terminating", "scheduled for deletion")
    generation = lookup(body, "metadata.generation")
    observed = lookup(body, "status.observedGeneration")
    if generation is not None and observed is not None and generation != observed:
        return in_progress("LatestGenerationNotObserved", f"generation {generation}, observed {observed}")
    for found in conditions(body):
        if found.is_true and found.type == "Reconciling":
            return in_progress(found.reason or "Reconciling", found.message)
        if found.is_true and found.type == "Stalled":
            return failed(found.reason or "Stalled", found.message)
    return None


def _by_ready_condition(body: Body) -> Health:
    """For kinds that we do not know: not being ready is never a failure, for nobody can tell how long it takes."""
    ready = next((found for found in conditions(body) if found.type == "Ready"), None)
    if ready is None or ready.status not in {"True", "False", "Unknown"}:
        return current("Nothing to wait for")
    return current("Ready") if ready.is_true else in_progress(ready.reason or "NotReady", ready.message)


def _always(_: Body) -> Health:
    return current("Always ready")


def _service(body: Body) -> Health:
    """A load balancer needs its cluster IP; the external address is not waited for."""
    if lookup(body, "spec.type") == "LoadBalancer" and not lookup(body, "spec.clusterIP", ""):
        return in_progress("NoIPAssigned", "clusterIP is not set yet")
    return current("Service is ready")


def _volume_claim(body: Body) -> Health:
    phase = lookup(body, "status.phase", "unknown")
    return current("Bound") if phase == "Bound" else in_progress("NotBound", f"not bound, phase: {phase}")


def _definition(body: Body) -> Health:
    names = condition(body, "NamesAccepted")
    if names is not None and names.is_false:
        return failed(names.reason, names.message)
    established = condition(body, "Established")
    if established is not None and established.is_true:
        return current("Established")
    if established is not None and established.is_false and established.reason != "Installing":
        return failed(established.reason, established.message)
    return in_progress("Installing", "being installed")


WITHOUT_STATUS = frozenset(
    {
        ("", "ConfigMap"),
        ("", "LimitRange"),
        ("", "Secret"),
        # A cluster IP is there as soon as the Service is.
        ("", "Service"),
        ("", "ServiceAccount"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "StorageClass"),
    }
)
"""Group and kind of what is healthy by being there: nothing in its status counts, so its metadata say it all."""

RULES: Mapping[str, Callable[[Body], Health]] = {
    "/ConfigMap": _always,
    "/PersistentVolumeClaim": _volume_claim,
    "/Secret": _always,
    "/Service": _service,
    "apiextensions.k8s.io/CustomResourceDefinition": _definition,
    "apps/DaemonSet": workloads.daemon_set,
    "apps/Deployment": workloads.deployment,
    "apps/ReplicaSet": workloads.replica_set,
    "apps/StatefulSet": workloads.stateful_set,
    "batch/CronJob": _always,
    "batch/Job": workloads.job,
    # Its status is computed together with observedGeneration, which the generic rule has compared.
    "policy/PodDisruptionBudget": _always,
}
"""Kinds with a rule of their own (``group/Kind``), besides ``Pod``, whose rule also looks at the clock."""
