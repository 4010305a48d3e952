"""Every field of a Kustomization that says how it is applied, kept, pruned and deleted."""

from __future__ import annotations

import json
import time

import pytest

from tests.integration.puller.conftest import Ground
from tests.reconciling import OWNER, World, condition, config_map, inventory, is_ready, manifest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]

TWO = {"a.yaml": config_map("first"), "b.yaml": config_map("second")}
ONE = {"a.yaml": config_map("first")}


def keeps(name: str, *control: str) -> str:
    """A ConfigMap with controls of Flux's, as ``name=value``."""
    marks = dict(item.split("=") for item in control)
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name, "annotations": marks}}
    return json.dumps({**body, "data": {"color": "blue"}})


# Pruning and deletion


def test_what_left_the_artifact_is_pruned(world: World) -> None:
    world.deliver(TWO)

    published = world.update(ONE)

    body = world.applied("app", published.digest)
    world.gone("ConfigMap", "second")
    assert inventory(body) == {f"{world.namespace}_first__ConfigMap"}
    assert world.get("ConfigMap", "first") is not None


def test_without_prune_it_stays(world: World) -> None:
    world.deliver(TWO, prune=False)

    world.applied("app", world.update(ONE).digest)

    assert world.get("ConfigMap", "second") is not None


def test_objects_marked_so_are_not_pruned(world: World) -> None:
    world.deliver({**ONE, "c.yaml": keeps("kept", f"{OWNER}/prune=disabled")})

    world.applied("app", world.update(ONE).digest)
    world.delete("Kustomization", "app")

    world.gone("ConfigMap", "first")
    assert world.get("ConfigMap", "kept") is not None


@pytest.mark.parametrize(
    ("prune", "policy", "stays"),
    [
        (True, None, False),
        (False, None, True),
        (True, "MirrorPrune", False),
        (False, "Delete", False),
        (False, "WaitForTermination", False),
        (True, "Orphan", True),
    ],
)
def test_deletion_policy(world: World, prune: bool, policy: str | None, stays: bool) -> None:  # noqa: FBT001
    world.deliver(ONE, prune=prune, deletionPolicy=policy)

    world.delete("Kustomization", "app")

    if not stays:
        world.gone("ConfigMap", "first")
    assert (world.get("ConfigMap", "first") is not None) == stays


def test_deletion_waits_for_termination(world: World) -> None:
    world.deliver(ONE, deletionPolicy="WaitForTermination")
    world.patch("ConfigMap", "first", {"metadata": {"finalizers": ["test.gitless.dev/hold"]}})

    world.delete("Kustomization", "app", wait=False)

    world.until("ConfigMap", "first", lambda body: "deletionTimestamp" in body["metadata"], "its deletion")
    time.sleep(1)
    assert world.get("Kustomization", "app") is not None
    world.patch("ConfigMap", "first", {"metadata": {"finalizers": None}})
    world.gone("Kustomization", "app")


def test_a_suspended_one_that_is_deleted_leaves_its_objects(world: World) -> None:
    world.deliver(ONE)
    world.kustomization(suspend=True)

    world.delete("Kustomization", "app")

    assert world.get("ConfigMap", "first") is not None


def test_objects_that_belong_to_another_are_not_pruned(world: World) -> None:
    world.deliver(TWO)
    world.patch("ConfigMap", "second", {"metadata": {"labels": {f"{OWNER}/name": "other"}}})

    world.applied("app", world.update(ONE).digest)

    time.sleep(0.5)
    assert world.get("ConfigMap", "second") is not None


# Suspension, intervals, drift


def test_a_suspended_one_applies_nothing_until_it_is_resumed(world: World) -> None:
    world.deliver(ONE)
    world.kustomization(suspend=True)

    published = world.update(TWO)
    world.until("OCIRepository", "app", lambda body: published.digest in json.dumps(body["status"]), "the new one")
    time.sleep(1)

    assert world.get("ConfigMap", "second") is None
    world.kustomization()
    world.applied("app", published.digest)
    assert world.get("ConfigMap", "second") is not None


def test_drift_is_corrected_at_the_interval(world: World) -> None:
    world.deliver(ONE, interval="2s")
    world.patch("ConfigMap", "first", {"data": {"color": "red"}}, manager="somebody")

    world.until("ConfigMap", "first", lambda body: body["data"]["color"] == "blue", "the correction")
    world.delete("ConfigMap", "first", wait=False)
    world.there("ConfigMap", "first")


def test_fields_of_others_are_left_alone(world: World) -> None:
    world.deliver(ONE)
    world.patch("ConfigMap", "first", {"data": {"other": "theirs"}}, manager="somebody")

    world.reconcile("Kustomization")

    first = world.get("ConfigMap", "first")
    assert first is not None
    assert first["data"] == {"color": "blue", "other": "theirs"}


def test_a_pass_with_nothing_to_do_writes_nothing(world: World) -> None:
    world.deliver(TWO)
    before = {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in world.list("ConfigMap")}

    world.reconcile("Kustomization")

    after = {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in world.list("ConfigMap")}
    assert after == before


def test_ignored_fields_keep_what_others_wrote(world: World) -> None:
    rule = {"paths": ["/data/color"], "target": {"kind": "ConfigMap", "name": "first"}}
    world.deliver(ONE, ignore=[rule])
    world.patch("ConfigMap", "first", {"data": {"color": "red"}}, manager="somebody")

    world.reconcile("Kustomization")

    first = world.get("ConfigMap", "first")
    assert first is not None
    assert first["data"]["color"] == "red"


@pytest.mark.parametrize(
    ("control", "color"),
    [("ssa=Ignore", "red"), ("reconcile=disabled", "red"), ("ssa=IfNotPresent", "red"), ("ssa=Override", "blue")],
)
def test_controls_on_objects(world: World, control: str, color: str) -> None:
    world.put({"kind": "ConfigMap", "metadata": {"name": "here"}, "data": {"color": "red"}}, manager="somebody")

    world.deliver({"a.yaml": keeps("here", f"{OWNER}/{control}")})

    here = world.get("ConfigMap", "here")
    assert here is not None
    assert here["data"]["color"] == color


def test_a_failure_is_tried_again_at_the_retry_interval(world: World) -> None:
    world.publish(ONE)
    world.source()
    world.kustomization(postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "late"}]}, retryInterval="1s")
    world.failed("Kustomization")

    world.put({"kind": "ConfigMap", "metadata": {"name": "late"}, "data": {"one": "1"}})

    world.ready("Kustomization")


# Changes that need a new object


def test_force_recreates_what_cannot_be_changed(world: World) -> None:
    def fixed(value: str) -> dict[str, str | bytes]:
        return {"a.yaml": config_map(color=value) + "immutable: true\n"}

    world.deliver(fixed("blue"))
    before = world.get("ConfigMap", "settings")
    published = world.update(fixed("red"))
    failed = world.failed("Kustomization", reason="ReconciliationFailed")
    assert "settings" in condition(failed, "Ready")["message"]

    world.kustomization(force=True)

    world.applied("app", published.digest)
    after = world.get("ConfigMap", "settings")
    assert before is not None
    assert after is not None
    assert after["data"] == {"color": "red"}
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


# Order


def test_dependants_follow_at_once(world: World) -> None:
    world.publish(ONE, name="base")
    world.publish({"a.yaml": config_map("second")}, name="app")
    world.source("app")
    world.kustomization("app", source="app", dependsOn=[{"name": "base"}])
    world.failed("Kustomization", "app", "DependencyNotReady")
    assert world.get("ConfigMap", "second") is None

    world.source("base")
    world.kustomization("base", source="base")

    world.ready("Kustomization", "app")
    assert world.get("ConfigMap", "second") is not None


def test_a_ready_expression_replaces_the_usual_check(world: World) -> None:
    expression = "dep.metadata.labels['stage'] == self.metadata.labels['stage']"
    world.publish(ONE)
    world.source()
    world.kustomization("base", path="./missing")
    world.kustomization(dependsOn=[{"name": "base", "readyExpr": expression}])
    world.patch("Kustomization", "app", {"metadata": {"labels": {"stage": "2"}}})
    world.patch("Kustomization", "base", {"metadata": {"labels": {"stage": "1"}}})
    world.failed("Kustomization", "app", "DependencyNotReady")

    world.patch("Kustomization", "base", {"metadata": {"labels": {"stage": "2"}}})

    world.ready("Kustomization", "app")


def test_namespaces_and_definitions_come_before_what_needs_them(world: World) -> None:
    group = "test.gitless.dev"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    definition = manifest(
        "CustomResourceDefinition",
        f"widgets.{group}",
        spec={
            "group": group,
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    )
    world.deliver({"a.yaml": manifest("Widget", "one", spec={"size": 1}), "z.yaml": definition})

    assert world.get("Widget", "one") is not None


# As whom


def test_impersonation_may_do_what_the_account_may(world: World) -> None:
    world.put({"kind": "ServiceAccount", "metadata": {"name": "deployer"}})
    world.publish(ONE)
    world.source()
    world.kustomization(serviceAccountName="deployer")
    refused = world.failed("Kustomization", reason="ReconciliationFailed")
    assert f"system:serviceaccount:{world.namespace}:deployer" in condition(refused, "Ready")["message"]
    assert world.get("ConfigMap", "first") is None

    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}
    world.put({"kind": "Role", "metadata": {"name": "deployer"}, "rules": [rule]})
    world.put(
        {
            "kind": "RoleBinding",
            "metadata": {"name": "deployer"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"},
            "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": world.namespace}],
        }
    )

    world.ready("Kustomization")


def test_a_kubeconfig_leads_to_another_cluster(ground: Ground, world: World) -> None:
    # The same API server by another door is as far away as a test needs: as a user who may do this alone.
    kubeconfig = ground.plane.user(f"remote-{world.namespace}", ["system:masters"]).read_text()
    world.put({"kind": "Secret", "metadata": {"name": "remote"}, "stringData": {"value": kubeconfig}})

    world.deliver(ONE, kubeConfig={"secretRef": {"name": "remote"}})

    assert world.get("ConfigMap", "first") is not None


def test_a_source_in_another_namespace_is_used(ground: Ground, world: World) -> None:
    other = ground.world()
    other.publish(ONE)
    other.source()
    reference = {"kind": "OCIRepository", "name": "app", "namespace": other.namespace}

    world.kustomization(sourceRef=reference)

    world.until("Kustomization", "app", is_ready, "Ready")
    assert world.get("ConfigMap", "first") is not None
