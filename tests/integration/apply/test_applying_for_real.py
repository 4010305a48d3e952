from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import ClusterError, RefusedError
from pipeline.model.applying.controls import PREFIX
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.apply import ApplyInterruptedError
from pipeline.model.plan import Action
from tests.integration.apply.conftest import Target

pytestmark = pytest.mark.cluster


def actions(target: Target, *bodies: dict[str, Any], **changes: bool | str) -> list[tuple[str, str]]:
    result = target.apply(*bodies, **changes)
    return [(change.action.value, change.object_id.name) for change in result.changes]


def definition() -> tuple[dict[str, Any], str]:
    """A definition of a kind that no other test has, and its group."""
    group = f"t{uuid.uuid4().hex[:8]}.example.com"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [version],
        },
    }
    return body, group


def test_create_change_prune_and_nothing_to_do(target: Target) -> None:
    first = [target.config_map("a"), target.config_map("b"), target.service(), target.deployment()]
    assert {action for action, _ in actions(target, *first)} == {"create"}

    second = [target.config_map("a"), target.service(), target.deployment(image="shop.example/web:2")]
    result = target.apply(*second)

    changes = {(change.action, change.object_id.name): change for change in result.changes}
    assert changes.keys() == {(Action.CONFIGURE, "web"), (Action.PRUNE, "b")}
    (field,) = changes[Action.CONFIGURE, "web"].fields
    assert field.path == "spec.template.spec.containers[name=web].image"
    assert target.read("v1", "ConfigMap", "b") is None


def test_a_run_that_changes_nothing_writes_nothing_even_while_controllers_report(target: Target) -> None:
    bodies = [target.config_map(), target.service(), target.deployment()]
    target.apply(*bodies)
    for _ in range(100):
        if target.existing("apps/v1", "Deployment", "web").get("status", {}).get("readyReplicas"):
            break
        time.sleep(0.1)

    def versions() -> list[str]:
        kinds = (("v1", "ConfigMap", "settings"), ("v1", "Service", "web"), ("apps/v1", "Deployment", "web"))
        inventory = target.cluster.load_inventory(target.namespace, "shop")
        assert inventory is not None
        return [inventory.resource_version, *(target.existing(*kind)["metadata"]["resourceVersion"] for kind in kinds)]

    before = versions()
    result = target.apply(*bodies)

    assert result.plan.is_empty
    assert result.plan.unchanged == 3
    assert versions() == before


def test_a_definition_a_namespace_and_what_needs_them_in_one_apply(target: Target) -> None:
    crd, group = definition()
    fresh = f"{target.namespace}-fresh"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fresh}}
    inside = target.config_map("inside")
    inside["metadata"]["namespace"] = fresh
    widget = target.body(f"{group}/v1", "Widget", "w", spec={"size": 1})

    assert {action for action, _ in actions(target, inside, widget, crd, namespace)} == {"create"}
    assert target.apply(inside, widget, crd, namespace).plan.is_empty
    # Everything leaves again, the definition after its objects.
    result = target.apply(target.config_map())
    pruned = [change.object_id.kind for change in result.changes if change.action is Action.PRUNE]
    assert pruned == ["Widget", "ConfigMap", "Namespace", "CustomResourceDefinition"]


def test_a_removed_secret_key_is_removed_though_it_was_written_as_string_data(target: Target) -> None:
    two = target.body("v1", "Secret", "login", stringData={"user": "me", "password": "hunter2"})
    one = target.body("v1", "Secret", "login", stringData={"user": "me"})
    target.apply(two)

    result = target.apply(one)

    assert target.existing("v1", "Secret", "login")["data"] == {"user": "bWU="}
    assert "hunter2" not in repr(result)
    assert "aHVudGVyMg==" not in repr(result)


def test_what_kubectl_applied_is_adopted_and_conflicts_are_explained(
    target: Target, kubectl: Callable[..., None]
) -> None:
    kubectl("apply", body=target.config_map("a", key="theirs"))
    assert actions(target, target.config_map("a", key="theirs")) == [("configure", "a")]

    kubectl("apply", body=target.config_map("b", key="theirs"))
    with pytest.raises(RefusedError, match=r"ConfigMap .*/b: kubectl-client-side-apply owns \.data\.key") as caught:
        target.apply(target.config_map("a", key="theirs"), target.config_map("b", key="ours"))
    assert "once applied by kubectl" in str(caught.value.hint)

    target.apply(target.config_map("b", key="ours"), force_conflicts=True)
    assert target.existing("v1", "ConfigMap", "b")["data"] == {"key": "ours"}


def test_drift_names_the_manager_and_is_repaired(target: Target, kubectl: Callable[..., None]) -> None:
    target.apply(target.deployment())
    kubectl("-n", target.namespace, "scale", "deployment", "web", "--replicas=3")

    dry = target.apply(target.deployment(), dry_run=True, force_conflicts=True)

    (field,) = dry.changes[0].fields
    assert (field.path, field.before, field.after, field.is_drift) == ("spec.replicas", 3, 1, True)
    assert field.manager == "kubectl"
    target.apply(target.deployment(), force_conflicts=True)
    assert target.existing("apps/v1", "Deployment", "web")["spec"]["replicas"] == 1


def test_an_immutable_field_is_refused_with_the_reason_and_recreated_on_request(target: Target) -> None:
    target.apply(target.deployment(app="one"))
    uid = target.existing("apps/v1", "Deployment", "web")["metadata"]["uid"]

    with pytest.raises(RefusedError, match=r"spec\.selector cannot be changed") as caught:
        target.apply(target.deployment(app="two"))
    assert "--recreate" in str(caught.value.hint)
    assert actions(target, target.deployment(app="two"), recreate=True) == [("recreate", "web")]

    after = target.existing("apps/v1", "Deployment", "web")
    assert after["metadata"]["uid"] != uid
    assert after["spec"]["selector"]["matchLabels"] == {"app": "two"}


def test_every_problem_is_found_before_anything_is_written(target: Target) -> None:
    invalid = target.service("bad", port=0)
    elsewhere = target.config_map("lost")
    elsewhere["metadata"]["namespace"] = "nowhere-at-all"
    unknown = target.body("example.com/v9", "Gadget", "g")
    typo = target.body("apps/v1", "Deployment", "typo", spec={**target.deployment()["spec"], "replcias": 2})

    with pytest.raises(ClusterError) as caught:
        target.apply(target.config_map("good"), invalid, elsewhere, unknown, typo)

    message = caught.value.message
    assert "4 problems, found before anything was written" in message
    assert "namespace 'nowhere-at-all' does not exist" in message
    assert "does not serve the kind Gadget in example.com/v9" in message
    assert "replcias" in message
    assert "spec.ports[0].port" in message
    assert target.read("v1", "ConfigMap", "good") is None
    assert target.cluster.load_inventory(target.namespace, "shop") is None


def test_denied_rights_are_named_with_who_and_what(target: Target, as_user: Callable[[str], Target]) -> None:
    role = target.body(
        "rbac.authorization.k8s.io/v1",
        "Role",
        "shop",
        rules=[
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]},
            {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list"]},
        ],
    )
    binding = target.body(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "shop",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "shop"},
        subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "carol"}],
    )
    target.apply(role, binding, inventory="rights")
    carol = as_user("carol")

    with pytest.raises(ClusterError, match=r"Service .*/web: carol may not patch services in namespace") as caught:
        carol.apply(target.config_map(), target.service())
    assert "RoleBinding" in str(caught.value.hint)
    # Rights in the one namespace are enough for what is in it.
    assert actions(carol, target.config_map()) == [("create", "settings")]
    assert carol.apply(target.config_map()).plan.is_empty


def test_objects_of_helm_and_of_other_inventories_are_refused_until_taken_over(
    target: Target, kubectl: Callable[..., None]
) -> None:
    release = target.config_map("release")
    release["metadata"]["annotations"] = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "x"}
    kubectl("apply", "--server-side", "--field-manager=helm", body=release)
    target.apply(target.config_map("other"), inventory="stand-in")
    ours = [target.config_map("release"), target.config_map("other")]

    with pytest.raises(RefusedError) as caught:
        target.apply(*ours)
    assert "release: it belongs to Helm release x/web" in caught.value.message
    assert f"other: it belongs to gitless inventory {target.namespace}/stand-in" in caught.value.message
    target.apply(*ours, take_ownership=True)

    assert target.apply(*ours).plan.is_empty


def test_prune_disabled_by_hand_keeps_the_object(target: Target, kubectl: Callable[..., None]) -> None:
    target.apply(target.config_map("a"), target.config_map("b"))
    kubectl("-n", target.namespace, "annotate", "configmap", "a", f"{PREFIX}prune=disabled")

    assert actions(target, target.config_map("b")) == [("skip", "a")]
    assert target.read("v1", "ConfigMap", "a") is not None


def test_an_object_deleted_by_hand_comes_back(target: Target, kubectl: Callable[..., None]) -> None:
    target.apply(target.config_map("a"))
    kubectl("-n", target.namespace, "delete", "configmap", "a")

    assert actions(target, target.config_map("a")) == [("create", "a")]


def test_sixty_objects_are_tried_by_sample_and_an_error_midway_is_repaired(target: Target) -> None:
    good = [target.config_map(f"c{number:02}") for number in range(60)]
    # The same shape as the others, so that only the write itself finds out.
    bad = target.config_map("zz")
    bad["data"] = {"not/allowed": "value"}

    with pytest.raises(ApplyInterruptedError, match="zz is invalid") as caught:
        target.apply(*good, bad)
    assert caught.value.exit_code == 6
    assert caught.value.result.plan.count(Action.CREATE) > 0
    target.apply(*good)

    inventory = target.cluster.load_inventory(target.namespace, "shop")
    assert inventory is not None
    assert len(inventory.applied) == 60
    assert not inventory.pending
    assert ObjectId("", "ConfigMap", target.namespace, "c59") in inventory.applied


def test_a_field_that_kubectl_once_applied_goes_when_it_leaves_the_manifests(
    target: Target, kubectl: Callable[..., None]
) -> None:
    before = target.deployment()
    before["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 5
    before["spec"]["minReadySeconds"] = 3
    kubectl("apply", body=before)
    target.apply(before)

    after = target.deployment()
    after["spec"]["minReadySeconds"] = 3
    target.apply(after)

    spec = target.existing("apps/v1", "Deployment", "web")["spec"]
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 30
    assert spec["minReadySeconds"] == 3
    assert target.apply(after).plan.is_empty
