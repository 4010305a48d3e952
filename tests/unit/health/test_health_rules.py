from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pipeline.model.health import HealthStatus, health, health_of_missing
from pipeline.model.health.rules import RULES

CURRENT, IN_PROGRESS, FAILED = HealthStatus.CURRENT, HealthStatus.IN_PROGRESS, HealthStatus.FAILED
CREATED = 1_700_000_000.0
Fields = Mapping[str, Any]


def make(kind: str, spec: Fields | None = None, status: Fields | None = None, **metadata: int | str) -> dict[str, Any]:
    api_version, _, name = kind.rpartition(" ")
    return {
        "apiVersion": api_version,
        "kind": name,
        "metadata": {"name": "it", **metadata},
        "spec": spec or {},
        "status": status or {},
    }


def conditions(*entries: str) -> dict[str, Any]:
    """Each entry is ``Type=Status`` or ``Type=Status:Reason``."""
    made = []
    for entry in entries:
        condition_type, _, rest = entry.partition("=")
        status, _, reason = rest.partition(":")
        made.append({"type": condition_type, "status": status, "reason": reason, "message": f"because {reason}"})
    return {"conditions": made}


def counts(**fields: int) -> dict[str, int]:
    return fields


ROLLED_OUT = conditions("Progressing=True:NewReplicaSetAvailable", "Available=True")
TWO = counts(replicas=2, updatedReplicas=2, readyReplicas=2, availableReplicas=2)
DEADLINE = {"replicas": 2, "progressDeadlineSeconds": 600}


@pytest.mark.parametrize(
    ("spec", "status", "expected", "reason"),
    [
        (DEADLINE, TWO | ROLLED_OUT, CURRENT, ""),
        (DEADLINE, {}, IN_PROGRESS, "LessReplicas"),
        (DEADLINE, TWO | {"replicas": 1}, IN_PROGRESS, "LessReplicas"),
        (DEADLINE, TWO | {"updatedReplicas": 1}, IN_PROGRESS, "LessUpdated"),
        (DEADLINE, TWO | {"replicas": 3}, IN_PROGRESS, "ExtraPods"),
        (DEADLINE, TWO | {"availableReplicas": 1}, IN_PROGRESS, "LessAvailable"),
        (DEADLINE, TWO | {"readyReplicas": 1}, IN_PROGRESS, "LessReady"),
        (DEADLINE, TWO | conditions("Available=True"), IN_PROGRESS, "ReplicaSetNotAvailable"),
        (DEADLINE, TWO | conditions("Progressing=True:ReplicaSetUpdated"), IN_PROGRESS, "ReplicaSetNotAvailable"),
        (DEADLINE, TWO | conditions("Progressing=True:NewReplicaSetAvailable"), IN_PROGRESS, "DeploymentNotAvailable"),
        (DEADLINE, conditions("Progressing=False:ProgressDeadlineExceeded"), FAILED, "ProgressDeadlineExceeded"),
        ({"replicas": 2}, TWO | conditions("Available=True"), CURRENT, ""),
        ({"replicas": 2, "progressDeadlineSeconds": 2**31 - 1}, TWO | conditions("Available=True"), CURRENT, ""),
        ({"replicas": 0, "progressDeadlineSeconds": 600}, ROLLED_OUT, CURRENT, ""),
    ],
)
def test_a_deployment_is_current_once_its_newest_replicas_are_available(
    spec: Fields, status: Fields, expected: HealthStatus, reason: str
) -> None:
    verdict = health(make("apps/v1 Deployment", spec, status))
    assert (verdict.status, verdict.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("spec", "status", "expected", "reason"),
    [
        ({"replicas": 2}, counts(replicas=2, readyReplicas=2, currentReplicas=2), CURRENT, ""),
        ({"replicas": 2}, counts(replicas=1), IN_PROGRESS, "LessReplicas"),
        ({"replicas": 2}, counts(replicas=2, readyReplicas=1), IN_PROGRESS, "LessReady"),
        ({"replicas": 1}, counts(replicas=2, readyReplicas=2), IN_PROGRESS, "ExtraPods"),
        ({"replicas": 2}, counts(replicas=2, readyReplicas=2, currentReplicas=1), IN_PROGRESS, "LessCurrent"),
        (
            {},
            {"replicas": 1, "readyReplicas": 1, "currentReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
            IN_PROGRESS,
            "RevisionMismatch",
        ),
        ({"updateStrategy": {"type": "OnDelete"}, "replicas": 9}, {}, CURRENT, ""),
        (
            {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
            counts(replicas=3, readyReplicas=3, updatedReplicas=1),
            IN_PROGRESS,
            "PartitionRollout",
        ),
        (
            {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
            counts(replicas=3, readyReplicas=3, updatedReplicas=2),
            CURRENT,
            "",
        ),
    ],
)
def test_a_stateful_set_is_current_once_its_revision_or_partition_is_out(
    spec: Fields, status: Fields, expected: HealthStatus, reason: str
) -> None:
    verdict = health(make("apps/v1 StatefulSet", spec, status))
    assert (verdict.status, verdict.reason) == (expected, reason)


ON_TWO_NODES = counts(
    observedGeneration=1,
    desiredNumberScheduled=2,
    currentNumberScheduled=2,
    updatedNumberScheduled=2,
    numberAvailable=2,
    numberReady=2,
)


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        (ON_TWO_NODES, CURRENT, ""),
        ({}, IN_PROGRESS, "NoObservedGeneration"),
        (counts(observedGeneration=1), IN_PROGRESS, "NoDesiredNumber"),
        (ON_TWO_NODES | counts(currentNumberScheduled=1), IN_PROGRESS, "LessCurrent"),
        (ON_TWO_NODES | counts(updatedNumberScheduled=1), IN_PROGRESS, "LessUpdated"),
        (ON_TWO_NODES | counts(numberAvailable=1), IN_PROGRESS, "LessAvailable"),
        (ON_TWO_NODES | counts(numberReady=1), IN_PROGRESS, "LessReady"),
        (counts(observedGeneration=1, desiredNumberScheduled=0), CURRENT, ""),
    ],
)
def test_a_daemon_set_is_current_once_every_node_runs_it(status: Fields, expected: HealthStatus, reason: str) -> None:
    verdict = health(make("apps/v1 DaemonSet", {}, status, generation=1))
    assert (verdict.status, verdict.reason) == (expected, reason)


def test_a_daemon_set_without_a_generation_has_not_been_seen_by_its_controller() -> None:
    assert health(make("apps/v1 DaemonSet", {}, ON_TWO_NODES)).reason == "NoGeneration"


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        (counts(replicas=1, fullyLabeledReplicas=1, availableReplicas=1, readyReplicas=1), CURRENT, ""),
        ({}, IN_PROGRESS, "LessLabelled"),
        (counts(fullyLabeledReplicas=1), IN_PROGRESS, "LessAvailable"),
        (counts(fullyLabeledReplicas=1, availableReplicas=1), IN_PROGRESS, "LessReady"),
        (
            counts(replicas=2, fullyLabeledReplicas=1, availableReplicas=1, readyReplicas=1),
            IN_PROGRESS,
            "ExtraPods",
        ),
        (conditions("ReplicaFailure=True:FailedCreate"), IN_PROGRESS, "ReplicaFailure"),
    ],
)
def test_a_replica_set_is_current_once_its_pods_are(status: Fields, expected: HealthStatus, reason: str) -> None:
    verdict = health(make("apps/v1 ReplicaSet", {}, status))
    assert (verdict.status, verdict.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        ({}, IN_PROGRESS, "JobNotStarted"),
        ({"startTime": "2026-01-01T00:00:00Z", "active": 1}, IN_PROGRESS, "JobInProgress"),
        (conditions("SuccessCriteriaMet=True", "Complete=True"), CURRENT, ""),
        (conditions("Suspended=True"), CURRENT, ""),
        (conditions("Suspended=False", "Failed=True:BackoffLimitExceeded"), FAILED, "JobFailed"),
        ({"startTime": "x"} | conditions("Complete=False"), IN_PROGRESS, "JobInProgress"),
    ],
)
def test_a_job_is_current_when_complete_or_suspended_and_not_before(
    status: Fields, expected: HealthStatus, reason: str
) -> None:
    verdict = health(make("batch/v1 Job", {}, status))
    assert (verdict.status, verdict.reason) == (expected, reason)


def test_a_failed_job_says_why() -> None:
    verdict = health(make("batch/v1 Job", {}, conditions("Failed=True:DeadlineExceeded")))
    assert "because DeadlineExceeded" in verdict.message


CRASHING = {"containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}
UNSCHEDULABLE = {"phase": "Pending"} | conditions("PodScheduled=False:Unschedulable")


@pytest.mark.parametrize(
    ("status", "now", "expected", "reason"),
    [
        ({"phase": "Succeeded"}, None, CURRENT, ""),
        ({"phase": "Failed"}, None, CURRENT, ""),
        ({"phase": "Running"} | conditions("Ready=True"), None, CURRENT, ""),
        ({"phase": "Running"} | conditions("Ready=False"), None, IN_PROGRESS, "PodRunningNotReady"),
        ({"phase": "Running"} | CRASHING, None, FAILED, "ContainerCrashLooping"),
        ({"phase": "Running"} | CRASHING | conditions("Ready=True"), None, CURRENT, ""),
        ({"phase": "Pending"}, None, IN_PROGRESS, "PodPending"),
        (UNSCHEDULABLE, None, IN_PROGRESS, "PodNotScheduled"),
        (UNSCHEDULABLE, CREATED + 14, IN_PROGRESS, "PodNotScheduled"),
        (UNSCHEDULABLE, CREATED + 16, FAILED, "PodUnschedulable"),
        ({}, None, IN_PROGRESS, "PodNotObserved"),
        ({"phase": "Unknown"}, None, IN_PROGRESS, "PodPhaseUnknown"),
    ],
)
def test_a_pod_is_judged_by_phase_readiness_and_scheduling(
    status: Fields, now: float | None, expected: HealthStatus, reason: str
) -> None:
    verdict = health(make("v1 Pod", {}, status, creationTimestamp="2023-11-14T22:13:20Z"), now=now)
    assert (verdict.status, verdict.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("kind", "spec", "status", "expected", "reason"),
    [
        ("v1 Service", {"type": "ClusterIP"}, {}, CURRENT, ""),
        ("v1 Service", {"type": "LoadBalancer"}, {}, IN_PROGRESS, "NoIPAssigned"),
        ("v1 Service", {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}, {}, CURRENT, ""),
        ("v1 PersistentVolumeClaim", {}, {"phase": "Bound"}, CURRENT, ""),
        ("v1 PersistentVolumeClaim", {}, {"phase": "Pending"}, IN_PROGRESS, "NotBound"),
        ("v1 PersistentVolumeClaim", {}, {}, IN_PROGRESS, "NotBound"),
        ("v1 ConfigMap", {}, conditions("Ready=False"), CURRENT, ""),
        ("v1 Secret", {}, {}, CURRENT, ""),
        ("batch/v1 CronJob", {}, {}, CURRENT, ""),
        ("policy/v1 PodDisruptionBudget", {}, {}, CURRENT, ""),
        ("apiextensions.k8s.io/v1 CustomResourceDefinition", {}, {}, IN_PROGRESS, "Installing"),
        (
            "apiextensions.k8s.io/v1 CustomResourceDefinition",
            {},
            conditions("NamesAccepted=True", "Established=True:InitialNamesAccepted"),
            CURRENT,
            "",
        ),
        (
            "apiextensions.k8s.io/v1 CustomResourceDefinition",
            {},
            conditions("NamesAccepted=False:MultipleNamesNotAllowed"),
            FAILED,
            "MultipleNamesNotAllowed",
        ),
        (
            "apiextensions.k8s.io/v1 CustomResourceDefinition",
            {},
            conditions("Established=False:Installing"),
            IN_PROGRESS,
            "Installing",
        ),
        (
            "apiextensions.k8s.io/v1 CustomResourceDefinition",
            {},
            conditions("Established=False:NotAccepted"),
            FAILED,
            "NotAccepted",
        ),
    ],
)
def test_other_built_in_kinds_follow_their_rule(
    kind: str, spec: Fields, status: Fields, expected: HealthStatus, reason: str
) -> None:
    verdict = health(make(kind, spec, status))
    assert (verdict.status, verdict.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        ({}, CURRENT, ""),
        (conditions("Ready=True"), CURRENT, ""),
        (conditions("Ready=False:Waiting"), IN_PROGRESS, "Waiting"),
        (conditions("Ready=Unknown"), IN_PROGRESS, "NotReady"),
        (conditions("Ready=True", "Reconciling=True:Working"), IN_PROGRESS, "Working"),
        (conditions("Ready=False", "Stalled=True:Broken"), FAILED, "Broken"),
        (conditions("Stalled=False", "Reconciling=False"), CURRENT, ""),
        ({"observedGeneration": 1}, IN_PROGRESS, "LatestGenerationNotObserved"),
        ({"observedGeneration": 2}, CURRENT, ""),
        ({"conditions": "none"}, CURRENT, ""),
        ({"conditions": ["none"]}, CURRENT, ""),
    ],
)
def test_unknown_kinds_are_judged_by_what_they_say_and_never_failed_for_not_being_ready(
    status: Fields, expected: HealthStatus, reason: str
) -> None:
    verdict = health(make("example.com/v1 Widget", {}, status, generation=2))
    assert (verdict.status, verdict.reason) == (expected, reason)


@pytest.mark.parametrize("kind", [*RULES, "/Pod", "example.com/Widget"])
def test_every_kind_that_is_being_deleted_is_terminating(kind: str) -> None:
    group, _, name = kind.rpartition("/")
    body = make(f"{group}/v1 {name}" if group else f"v1 {name}", deletionTimestamp="2026-01-01T00:00:00Z")
    assert health(body).status is HealthStatus.TERMINATING


@pytest.mark.parametrize("kind", ["apps/Deployment", "apps/StatefulSet", "batch/Job", "policy/PodDisruptionBudget"])
def test_a_generation_that_the_controller_has_not_seen_is_in_progress(kind: str) -> None:
    group, _, name = kind.rpartition("/")
    body = make(f"{group}/v1 {name}", {}, TWO | ROLLED_OUT | {"observedGeneration": 1}, generation=2)
    assert health(body).reason == "LatestGenerationNotObserved"


def test_a_kind_of_the_same_name_in_another_group_has_no_built_in_rule() -> None:
    assert health(make("example.com/v1 Deployment", {"replicas": 5})).is_current


def test_what_does_not_exist_is_not_found_unless_it_is_a_job_that_cleans_up_after_itself() -> None:
    assert health(None).status is HealthStatus.NOT_FOUND
    assert health_of_missing(make("batch/v1 Job")).status is HealthStatus.NOT_FOUND
    assert health_of_missing(make("batch/v1 Job", {"ttlSecondsAfterFinished": 0})).is_current


def test_only_current_and_failed_are_settled() -> None:
    settled = [status for status in HealthStatus if health_with(status)]
    assert settled == [CURRENT, FAILED]


def health_with(status: HealthStatus) -> bool:
    from pipeline.model.health import Health

    return Health(status).is_settled
