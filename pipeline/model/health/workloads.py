"""The rules for kinds that run pods.

Semantics: kstatus (``fluxcd/cli-utils/pkg/kstatus/status/core.go``), and for Jobs Flux's stricter reading, under
which a Job is current when it is complete, not when it has started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from pipeline.model.health.verdict import (
    Health,
    condition,
    count,
    current,
    failed,
    in_progress,
    lookup,
)
from pipeline.model.manifests import Body

_NO_DEADLINE = 2**31 - 1
"""How the Deployment controller spells "no progress deadline"; it then sets no ``Progressing`` condition."""

SCHEDULING_GRACE = 15.0
"""Seconds that a pod may be unschedulable before that counts as a failure."""


def _short(what: str, have: int, want: int) -> Health | None:
    """In progress where there are fewer than wanted."""
    if have >= want:
        return None
    return in_progress(f"Less{what}", f"{what}: {have}/{want}")


def _extra(have: int, want: int) -> Health | None:
    return in_progress("ExtraPods", f"Pending termination: {have - want}") if have > want else None


def deployment(body: Body) -> Health:
    """Replica counts first, then the controller's own conditions."""
    progressing = condition(body, "Progressing")
    if progressing is not None and progressing.reason == "ProgressDeadlineExceeded":
        return failed(progressing.reason, progressing.message or "Progress deadline exceeded")
    want = count(body, "spec.replicas", 1)
    have, updated, ready, available = (
        count(body, f"status.{field}")
        for field in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    )
    pending = (
        _short("Replicas", have, want)
        or _short("Updated", updated, want)
        or _extra(have, want)
        or _short("Available", available, updated)
        or _short("Ready", ready, want)
    )
    if pending is not None:
        return pending
    rolled_out = progressing is not None and progressing.is_true and progressing.reason == "NewReplicaSetAvailable"
    if not rolled_out and count(body, "spec.progressDeadlineSeconds", _NO_DEADLINE) != _NO_DEADLINE:
        return in_progress("ReplicaSetNotAvailable", "the new ReplicaSet is not available")
    is_available = condition(body, "Available")
    if is_available is None or not is_available.is_true:
        return in_progress("DeploymentNotAvailable", "the Deployment is not available")
    return current(f"Available, replicas: {have}")


def replica_set(body: Body) -> Health:
    """Replica counts, unless creating pods fails."""
    failure = condition(body, "ReplicaFailure")
    if failure is not None and failure.is_true:
        return in_progress("ReplicaFailure", failure.message or "pods cannot be created")
    want = count(body, "spec.replicas", 1)
    pending = (
        _short("Labelled", count(body, "status.fullyLabeledReplicas"), want)
        or _short("Available", count(body, "status.availableReplicas"), want)
        or _short("Ready", count(body, "status.readyReplicas"), want)
        or _extra(count(body, "status.replicas"), want)
    )
    return pending or current(f"Available, replicas: {want}")


def stateful_set(body: Body) -> Health:
    """Replica counts and revisions; partitions are done when the pods above the partition are updated."""
    if lookup(body, "spec.updateStrategy.type") == "OnDelete":
        return current("Pods are updated when they are deleted (OnDelete)")
    want = count(body, "spec.replicas", 1)
    have = count(body, "status.replicas")
    pending = (
        _short("Replicas", have, want)
        or _short("Ready", count(body, "status.readyReplicas"), want)
        or _extra(have, want)
    )
    if pending is not None:
        return pending
    partition = count(body, "spec.updateStrategy.rollingUpdate.partition", -1)
    updated = count(body, "status.updatedReplicas")
    if partition != -1:
        if updated < want - partition:
            return in_progress("PartitionRollout", f"Updated: {updated}/{want - partition}")
        return current(f"Partition rolled out, updated: {updated}")
    pending = _short("Current", count(body, "status.currentReplicas"), want)
    if pending is not None:
        return pending
    if lookup(body, "status.currentRevision", "") != lookup(body, "status.updateRevision", ""):
        return in_progress("RevisionMismatch", "waiting for the updated revision to become the current one")
    return current(f"Rolled out, replicas: {have}")


def daemon_set(body: Body) -> Health:
    """Counts of nodes, once the controller has seen the object at all."""
    for path, reason in (
        ("metadata.generation", "NoGeneration"),
        ("status.observedGeneration", "NoObservedGeneration"),
    ):
        if lookup(body, path) is None:
            return in_progress(reason, f"{path} is not set yet")
    want = count(body, "status.desiredNumberScheduled", -1)
    if want == -1:
        return in_progress("NoDesiredNumber", "status.desiredNumberScheduled is not set yet")
    pending = (
        _short("Current", count(body, "status.currentNumberScheduled"), want)
        or _short("Updated", count(body, "status.updatedNumberScheduled"), want)
        or _short("Available", count(body, "status.numberAvailable"), want)
        or _short("Ready", count(body, "status.numberReady"), want)
    )
    return pending or current(f"Rolled out, on nodes: {want}")


def job(body: Body) -> Health:
    """Current when complete or suspended; a Job that has merely started goes on."""
    completions = count(body, "spec.completions", count(body, "spec.parallelism", 1))
    for done in ("Complete", "Failed", "Suspended"):
        found = condition(body, done)
        if found is None or not found.is_true:
            continue
        if done == "Complete":
            return current(f"Complete, succeeded: {count(body, 'status.succeeded')}/{completions}")
        if done == "Suspended":
            return current("Suspended")
        why = f" ({found.message})" if found.message else ""
        return failed("JobFailed", f"Failed: {count(body, 'status.failed')}/{completions}{why}")
    if not lookup(body, "status.startTime", ""):
        return in_progress("JobNotStarted", "not started")
    counts = ", ".join(f"{field}: {count(body, f'status.{field}')}" for field in ("succeeded", "active", "failed"))
    return in_progress("JobInProgress", f"running, {counts}")


def pod(body: Body, now: float | None) -> Health:
    """By phase. A pod that has ended is current, whether well or not: nothing more will come of it."""
    match lookup(body, "status.phase", ""):
        case "Succeeded":
            return current("Completed successfully")
        case "Failed":
            return current("Completed, but not successfully")
        case "Running":
            return _running_pod(body)
        case "Pending":
            return _pending_pod(body, now)
        case "":
            return in_progress("PodNotObserved", "no phase yet")
        case phase:
            return in_progress("PodPhaseUnknown", f"phase {phase}")


def _running_pod(body: Body) -> Health:
    ready = condition(body, "Ready")
    if ready is not None and ready.is_true:
        return current("Ready")
    crashing = list(_crash_looping(body))
    if crashing:
        return failed("ContainerCrashLooping", f"containers in a crash loop: {', '.join(crashing)}")
    return in_progress("PodRunningNotReady", "running but not ready")


def _pending_pod(body: Body, now: float | None) -> Health:
    scheduled = condition(body, "PodScheduled")
    if scheduled is None or not scheduled.is_false or scheduled.reason != "Unschedulable":
        return in_progress("PodPending", "pending")
    created = _seconds(lookup(body, "metadata.creationTimestamp"))
    if now is None or created is None or now - created < SCHEDULING_GRACE:
        return in_progress("PodNotScheduled", "not scheduled yet")
    return failed("PodUnschedulable", scheduled.message or "cannot be scheduled")


def _crash_looping(body: Body) -> Iterator[str]:
    statuses = lookup(body, "status.containerStatuses")
    for status in statuses if isinstance(statuses, list) else ():
        if isinstance(status, Mapping) and lookup(status, "state.waiting.reason") == "CrashLoopBackOff":
            yield str(status.get("name", ""))


def _seconds(timestamp: object) -> float | None:
    """Seconds since the epoch of an RFC 3339 time."""
    try:
        return datetime.fromisoformat(str(timestamp)).timestamp()
    except ValueError:
        return None
