"""One Kustomization from its artifact to its status, over a cluster in memory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux import api
from pipeline.model.manifests import ObjectId
from tests.unit.puller.worlds import NAMESPACE, World, config_map, deployment

UNGUARDED = {"gitless.dev/max-prune": "100%"}


def test_the_first_apply_says_what_it_is_about_to_do_before_it_does_it(world: World) -> None:
    world.publish(config_map("a"), config_map("b"))
    world.kustomization()
    listed: list[list[str]] = []

    def before(operation: str, subject: str) -> None:
        if operation == "apply":
            listed.append(world.listed())

    world.cluster.before = before
    world.work()

    both = [f"{NAMESPACE}_a__ConfigMap", f"{NAMESPACE}_b__ConfigMap"]
    assert listed == [both, both]


def test_a_successful_one_has_the_status_of_flux(world: World) -> None:
    revision = world.publish(config_map("a"))
    world.kustomization()
    world.work()

    status = world.status()
    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded")}
    assert world.message() == f"Applied revision: {revision}"
    assert status["lastAppliedRevision"] == status["lastAttemptedRevision"] == revision
    assert status["lastAppliedOriginRevision"] == "main@sha1:1"
    assert status["observedGeneration"] == world.get()["metadata"]["generation"]
    assert status["inventory"] == {"entries": [{"id": f"{NAMESPACE}_a__ConfigMap", "v": "v1"}]}
    assert [item["lastReconciledStatus"] for item in status["history"]] == ["ReconciliationSucceeded"]
    assert world.get()["metadata"]["finalizers"] == [api.FINALIZER]


def test_objects_carry_the_labels_and_the_manager_of_flux(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()

    metadata = world.object("ConfigMap", "a")["metadata"]
    assert metadata["labels"] == {
        "kustomize.toolkit.fluxcd.io/name": "app",
        "kustomize.toolkit.fluxcd.io/namespace": NAMESPACE,
    }
    assert [entry["manager"] for entry in metadata["managedFields"]] == ["kustomize-controller"]


def test_nothing_to_do_costs_requests_per_kind_and_none_per_object(world: World) -> None:
    world.publish(
        *(config_map(f"a{number}") for number in range(20)), *(deployment(f"d{number}") for number in range(9))
    )
    world.kustomization()
    world.work()
    world.cluster.requests.clear()
    writes = Counter(operation for operation, _ in world.api.requests)["merge_patch"]
    world.request()
    world.work()

    assert Counter(operation for operation, _ in world.cluster.requests) == {"resource_type": 29, "list_metadata": 2}
    # One for the request that the test made, and one for the status.
    assert Counter(operation for operation, _ in world.api.requests)["merge_patch"] == writes + 2
    assert world.status()["history"][0]["totalReconciliations"] == 2


def test_a_restart_costs_no_more(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    world.restart()
    world.cluster.requests.clear()
    world.work()

    assert "dry-run" not in {operation for operation, _ in world.cluster.requests}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format":1,"applied":[["x"]]}'])
def test_records_that_are_lost_or_damaged_cost_a_comparison_and_nothing_else(world: World, content: bytes) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    version = world.object("ConfigMap", "a")["metadata"]["resourceVersion"]
    for path in world.folder.iterdir():
        path.write_bytes(content)
    world.restart()
    world.work()

    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded")}
    assert world.object("ConfigMap", "a")["metadata"]["resourceVersion"] == version


def test_drift_is_corrected(world: World) -> None:
    world.publish(config_map("a"), config_map("b"))
    world.kustomization()
    world.work()
    world.cluster.apply_as("kubectl-edit", config_map("a", "other"))
    world.later(600)
    world.work()

    assert world.object("ConfigMap", "a")["data"] == {"key": "1"}
    assert (api.PROGRESSING, f"ConfigMap/{NAMESPACE}/a configured") in world.events()


def test_drift_is_only_told_where_that_is_asked_for(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization(annotations={api.DRIFT_ANNOTATION: "report"})
    world.work()
    world.cluster.apply_as("somebody", config_map("a", "other"))
    for _ in range(3):
        world.later(600)
        world.work()

    assert world.object("ConfigMap", "a")["data"] == {"key": "other"}
    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded"), "Drifted": ("True", "DriftDetected")}
    assert world.message("Drifted") == f"configure ConfigMap/{NAMESPACE}/a: data.key (somebody)"
    assert [reason for reason, _ in world.events()].count("DriftDetected") == 1
    assert world.drifted == {world.key(): 1}

    world.kustomization()
    world.work()

    assert world.object("ConfigMap", "a")["data"] == {"key": "1"}
    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded")}
    assert world.drifted == {world.key(): 0}


def test_a_new_artifact_is_applied_though_drift_is_only_told(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization(annotations={api.DRIFT_ANNOTATION: "report"})
    world.work()
    world.publish(config_map("a", "2"))
    world.work()

    assert world.object("ConfigMap", "a")["data"] == {"key": "2"}


def test_reporting_drift_says_that_an_earlier_failure_is_over(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization(annotations={api.DRIFT_ANNOTATION: "report"})
    world.work()
    world.cluster.apply_as("somebody", config_map("a", "other"))
    hidden = dict(world.artifacts)
    world.artifacts.clear()
    world.later(600)
    world.work()
    assert world.conditions()["Ready"] == ("False", "ArtifactFailed")
    world.artifacts |= hidden
    world.later(600)
    world.work()

    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded"), "Drifted": ("True", "DriftDetected")}


def test_what_the_source_no_longer_has_is_pruned(world: World) -> None:
    world.publish(config_map("a"), config_map("b"))
    world.kustomization()
    world.work()
    world.publish(config_map("a"))
    world.work()

    assert world.live() == ["a"]
    assert world.listed() == [f"{NAMESPACE}_a__ConfigMap"]
    assert (api.PROGRESSING, f"ConfigMap/{NAMESPACE}/b deleted") in world.events()


def test_without_prune_it_stays_and_is_forgotten(world: World) -> None:
    world.publish(config_map("a"), config_map("b"))
    world.kustomization(prune=False)
    world.work()
    world.publish(config_map("a"))
    world.work()
    world.kustomization(prune=True)
    world.work()

    assert world.live() == ["a", "b"]
    assert world.listed() == [f"{NAMESPACE}_a__ConfigMap"]


def test_an_empty_artifact_prunes_everything_once_that_is_acknowledged(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    revision = world.publish()
    world.work()
    assert world.live() == ["a"]
    world.kustomization(annotations={"gitless.dev/allow-prune": revision})
    world.work()

    assert world.live() == []
    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded")}


def test_an_object_whose_prune_is_disabled_is_let_go(world: World) -> None:
    keep = {"kustomize.toolkit.fluxcd.io/prune": "disabled"}
    world.publish(config_map("a"), config_map("b", annotations=keep))
    world.kustomization()
    world.work()
    world.publish(config_map("a"))
    world.work()

    assert world.live() == ["a", "b"]
    assert world.listed() == [f"{NAMESPACE}_a__ConfigMap"]


def test_a_skipped_object_stays_listed_and_costs_no_write(world: World) -> None:
    skip = {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}
    world.publish(config_map("a"), config_map("b", annotations=skip))
    world.kustomization()
    world.work()
    world.later(600)
    world.work()
    versions = [item["lastTransitionTime"] for item in world.status()["conditions"]]
    world.later(600)
    world.work()

    assert world.listed() == [f"{NAMESPACE}_a__ConfigMap", f"{NAMESPACE}_b__ConfigMap"]
    assert [item["lastTransitionTime"] for item in world.status()["conditions"]] == versions


def test_immutable_fields_need_force(world: World) -> None:
    changed: dict[str, Any] = {**deployment("web")}
    changed["spec"] = {**changed["spec"], "selector": {"matchLabels": {"app": "other"}}}
    world.publish(deployment("web"))
    world.kustomization()
    world.work()
    uid = world.object("Deployment", "web")["metadata"]["uid"]
    world.publish(changed)
    world.work()

    assert world.conditions()["Ready"] == ("False", "ReconciliationFailed")
    assert "immutable" in world.message()
    world.kustomization(force=True)
    world.work()
    assert world.conditions()["Ready"] == ("True", "ReconciliationSucceeded")
    assert world.object("Deployment", "web")["metadata"]["uid"] != uid


def test_a_namespaced_object_must_name_its_namespace(world: World) -> None:
    body = {**config_map("a"), "metadata": {"name": "a"}}
    world.publish(body)
    world.kustomization()
    world.work()

    assert world.conditions()["Ready"] == ("False", "ReconciliationFailed")
    assert "namespace not specified" in world.message()
    assert world.live() == []


def test_a_field_that_is_ignored_no_longer_is_set_again(world: World) -> None:
    both = {**config_map("a"), "data": {"key": "1", "fixed": "1"}}
    world.publish(both)
    ignore = [{"paths": ["/data/key"]}]
    world.kustomization(ignore=ignore)
    world.work()
    world.cluster.apply_as("somebody", config_map("a", "other"))
    world.later(600)
    world.work()
    assert world.object("ConfigMap", "a")["data"] == {"key": "other", "fixed": "1"}

    world.kustomization(ignore=None)
    world.work()

    assert world.object("ConfigMap", "a")["data"] == both["data"]


@pytest.mark.parametrize(
    ("spec", "ready", "is_stalled"),
    [
        ({"sourceRef": {"kind": "GitRepository", "name": "app"}}, "ArtifactFailed", True),
        ({"sourceRef": {"kind": "OCIRepository", "name": "none"}}, "ArtifactFailed", False),
        ({"path": "./none"}, "ArtifactFailed", False),
        ({"path": "../out"}, "ArtifactFailed", False),
        ({"interval": "often"}, "InvalidSpec", True),
        ({"postBuild": {"substituteFrom": [{"kind": "ConfigMap", "name": "none"}]}}, "BuildFailed", False),
        ({"kubeConfig": {"secretRef": {"name": "none"}}}, "ReconciliationFailed", False),
        ({"kubeConfig": {"configMapRef": {"name": "cloud"}}}, "ReconciliationFailed", True),
        ({"serviceAccountName": "a\r\nImpersonate-Group: b"}, "ReconciliationFailed", True),
        (
            {"healthCheckExprs": [{"apiVersion": "v1", "kind": "X", "current": "status.("}]},
            "InvalidCELExpression",
            True,
        ),
    ],
)
def test_what_cannot_be_reconciled_says_why(
    world: World, spec: dict[str, Any], ready: str, *, is_stalled: bool
) -> None:
    world.publish(config_map("a"))
    world.kustomization(**spec)
    world.request(token="t1")
    world.work()
    # A source that is not there may only not have been told of yet.
    world.later(5)
    world.work()

    last = ("Stalled", ("True", ready)) if is_stalled else ("Reconciling", ("True", "ProgressingWithRetry"))
    assert sorted(world.conditions().items()) == sorted([("Ready", ("False", ready)), last])
    assert world.status()["lastHandledReconcileAt"] == "t1"
    assert world.live() == []
    before = len(world.events())
    world.later(60 if not is_stalled else 600)
    world.work()
    if ready != "InvalidSpec":
        assert len(world.events()) == before + 1


def test_sources_in_other_namespaces_may_be_out_of_bounds(tmp_path: Path) -> None:
    world = World(tmp_path, no_cross_namespace_refs=True)
    world.publish(config_map("a"))
    world.kustomization(sourceRef={"kind": "OCIRepository", "name": "app", "namespace": "other"})
    world.work()

    assert world.conditions() == {"Ready": ("False", "AccessDenied"), "Stalled": ("True", "AccessDenied")}


def test_the_status_stays_bounded(world: World) -> None:
    world.publish(*({**config_map(f"a{number}"), "kind": "X" * 200 + str(number)} for number in range(150)))
    world.kustomization()
    for _ in range(12):
        world.later(60)
        world.work()
        world.publish(*(config_map(f"a{number}") for number in range(3)), {**config_map("b"), "kind": "Unknown"})

    assert len(world.message()) <= api.MAX_MESSAGE
    assert len(world.status()["history"]) <= api.MAX_HISTORY


def test_losing_the_leadership_stops_all_writes(world: World) -> None:
    world.publish(
        *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n{n}"}} for n in range(3)), config_map("a")
    )
    world.kustomization()

    def before(operation: str, subject: str) -> None:
        if operation == "apply":
            world.is_leading = False

    world.cluster.before = before
    world.work()

    assert world.live() == []
    assert world.conditions()["Ready"] == ("Unknown", "Progressing")
    assert "another puller leads" in world.out.getvalue()
    assert world.desk.queue.next(0.0) is None


class _CrashError(Exception):
    """The process dies."""


def _crash_at(world: World, number: int) -> list[str]:
    """Let no call of that number or after it arrive anywhere; returns those that came."""
    calls: list[str] = []

    def before(operation: str, subject: str) -> None:
        calls.append(operation)
        if len(calls) > number:
            raise _CrashError

    world.cluster.before = world.api.before = before
    return calls


@pytest.mark.parametrize("is_update", [False, True])
def test_a_crash_at_any_request_leaves_nothing_behind(tmp_path: Path, *, is_update: bool) -> None:
    for number in range(60):
        world = World(tmp_path / str(number))
        if is_update:
            world.publish(config_map("old"), config_map("a"), deployment("d"))
            world.kustomization(annotations=UNGUARDED)
            world.work()
        world.publish(config_map("a", "2"), config_map("b"), deployment("d", "web:2"))
        if not is_update:
            world.kustomization(annotations=UNGUARDED)
        calls = _crash_at(world, number)
        world.work()
        is_done = len(calls) <= number
        # Something else is published before the next start.
        world.cluster.before = world.api.before = lambda operation, subject: None
        world.publish(config_map("c"))
        world.restart()
        world.work()

        assert world.live() == ["c"], number
        assert world.live("Deployment") == [], number
        assert world.listed() == [f"{NAMESPACE}_c__ConfigMap"], number
        assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded")}, number
        if is_done:
            return
    pytest.fail("it never ended by itself")


def test_trouble_with_the_api_server_is_told_and_tried_again(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()

    def before(operation: str, subject: str) -> None:
        if operation == "apply":
            raise ClusterError("no", code="cluster.unreachable")

    world.cluster.before = before
    world.work()
    assert world.conditions()["Ready"] == ("False", "ReconciliationFailed")
    assert world.listed() == [f"{NAMESPACE}_a__ConfigMap"]

    world.cluster.before = lambda operation, subject: None
    world.later(60)
    world.work()
    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded")}


def test_a_status_that_cannot_be_written_is_written_later(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()

    def before(operation: str, subject: str) -> None:
        if operation == "merge_patch":
            raise ClusterError("no", code="cluster.unreachable")

    world.api.before = before
    world.work()
    assert world.live() == []

    world.api.before = lambda operation, subject: None
    world.later(2)
    world.work()
    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded")}


def test_who_may_not_see_all_namespaces_looks_into_each(world: World) -> None:
    names = [f"n{number}" for number in range(7)]
    for name in names:
        world.cluster.apply_as("admin", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    bodies = [deployment("web") for _ in names]
    for name, body in zip(names, bodies, strict=True):
        body["metadata"]["namespace"] = name
    world.publish(*bodies)

    def before(operation: str, subject: str) -> None:
        if operation.startswith("list") and subject.endswith("*"):
            raise ClusterError("no", code="cluster.denied")

    world.cluster.before = before
    world.kustomization(wait=True)
    world.work(looks=1)
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
    available = [{"type": "Available", "status": "True"}]
    for name in names:
        status = {"observedGeneration": 1, "conditions": available, **counts}
        world.cluster.set_status(ObjectId("apps", "Deployment", name, "web"), status)
    world.work()
    assert world.conditions() == {"Ready": ("True", "ReconciliationSucceeded"), "Healthy": ("True", "Succeeded")}
    world.cluster.requests.clear()
    world.later(600)
    world.work()

    assert "dry-run" not in {operation for operation, _ in world.cluster.requests}
    assert [operation for operation, _ in world.cluster.requests].count("list_objects") == 8
