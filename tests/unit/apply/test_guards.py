from __future__ import annotations

import pytest

from pipeline.errors import RefusedError
from pipeline.model.applying.controls import PREFIX
from pipeline.model.applying.take_over import without_superseded
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action
from tests.unit.apply.worlds import MakeConfigMap, MakeDeployment, World

A = ObjectId("", "ConfigMap", "shop", "a")


def test_conflicts_are_named_by_manager_and_field_and_all_at_once(world: World, config_map: MakeConfigMap) -> None:
    world.cluster.apply_as("kubectl", config_map("a", {"key": "theirs", "more": "theirs"}))
    world.cluster.apply_as("operator", config_map("b", {"key": "theirs"}))

    with pytest.raises(RefusedError) as caught:
        world.apply(config_map("a", {"key": "ours", "more": "ours"}), config_map("b", {"key": "ours"}))

    assert caught.value.exit_code == 9
    assert "ConfigMap shop/a: kubectl owns" in caught.value.message
    assert ".data.key" in caught.value.message
    assert ".data.more" in caught.value.message
    assert "ConfigMap shop/b: operator owns" in caught.value.message
    assert "once applied by kubectl" in str(caught.value.hint)
    assert world.writes() == []


def test_forced_conflicts_take_the_fields(world: World, config_map: MakeConfigMap) -> None:
    world.cluster.apply_as("kubectl", config_map("a", {"key": "theirs"}))

    world.apply(config_map("a", {"key": "ours"}), force_conflicts=True)

    assert world.cluster.bodies()[A]["data"] == {"key": "ours"}


def test_an_object_that_asks_for_override_is_forced_alone(world: World, config_map: MakeConfigMap) -> None:
    world.cluster.apply_as("kubectl", config_map("a", {"key": "theirs"}))

    world.apply(config_map("a", {"key": "ours"}, annotations={PREFIX + "ssa": "Override"}))

    assert world.cluster.bodies()[A]["data"] == {"key": "ours"}


def test_an_equal_object_of_kubectl_is_adopted_without_a_conflict(world: World, config_map: MakeConfigMap) -> None:
    world.cluster.apply_as("kubectl", config_map("a"))

    result = world.apply(config_map("a"))

    assert result.changes[0].action is Action.CONFIGURE
    assert result.changes[0].reason == "it becomes part of inventory shop/shop"


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        (
            {"labels": {"gitless.dev/inventory-name": "x", "gitless.dev/inventory-namespace": "y"}},
            "gitless inventory y/x",
        ),
        (
            {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}},
            "Flux Kustomization flux/apps",
        ),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "web"}}, "Flux HelmRelease web"),
        (
            {"annotations": {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}},
            "Helm release shop/web",
        ),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:shop/a"}}, "Argo CD application web"),
    ],
)
def test_objects_of_other_owners_are_refused_by_name_unless_taken_over(
    world: World, config_map: MakeConfigMap, metadata: dict[str, dict[str, str]], owner: str
) -> None:
    world.cluster.apply_as("other", config_map("a", None, "shop", **metadata))

    with pytest.raises(RefusedError, match=f"ConfigMap shop/a: it belongs to {owner}") as caught:
        world.apply(config_map("a"))
    assert "--take-ownership" in str(caught.value.hint)
    world.apply(config_map("a"), take_ownership=True, force_conflicts=True)

    assert A in world.inventory().applied
    assert world.apply(config_map("a")).plan.is_empty


def test_an_object_taken_over_is_not_pruned_by_its_former_inventory(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"), inventory="former")
    world.apply(config_map("a"), take_ownership=True)

    world.apply(config_map("b"), inventory="former")

    assert world.names("ConfigMap") == ["a", "b"]


def test_immutable_fields_are_refused_with_the_reason(world: World, deployment: MakeDeployment) -> None:
    world.apply(deployment("web", app="one"))

    with pytest.raises(RefusedError, match=r"Deployment.apps shop/web: .*immutable") as caught:
        world.apply(deployment("web", app="two"))

    assert "--recreate" in str(caught.value.hint)


@pytest.mark.parametrize("asked_by", ["option", "manifest"])
def test_immutable_fields_are_recreated_on_request(world: World, deployment: MakeDeployment, asked_by: str) -> None:
    world.apply(deployment("web", app="one"))
    key = ObjectId("apps", "Deployment", "shop", "web")
    uid = world.cluster.bodies()[key]["metadata"]["uid"]
    changed = deployment("web", app="two")
    if asked_by == "manifest":
        changed["metadata"]["annotations"] = {PREFIX + "force": "Enabled"}

    result = world.apply(changed, recreate=asked_by == "option")

    assert result.changes[0].action is Action.RECREATE
    assert "immutable" in result.changes[0].reason
    body = world.cluster.bodies()[key]
    assert body["metadata"]["uid"] != uid
    assert body["spec"]["selector"] == {"matchLabels": {"app": "two"}}


@pytest.mark.parametrize(
    ("control", "value", "reason"),
    [
        ("reconcile", "disabled", f"the manifest says {PREFIX}reconcile: disabled"),
        ("ssa", "IGNORE", f"the manifest says {PREFIX}ssa: Ignore"),
        ("ssa", "ifNotPresent", f"it exists, and the manifest says {PREFIX}ssa: IfNotPresent"),
    ],
)
@pytest.mark.parametrize("place", ["labels", "annotations"])
def test_controls_of_the_manifest_skip_an_existing_object(
    world: World, config_map: MakeConfigMap, control: str, value: str, reason: str, place: str
) -> None:
    world.cluster.apply_as("somebody", config_map("a", {"key": "theirs"}))

    result = world.apply(config_map("a", {"key": "ours"}, "shop", **{place: {PREFIX + control: value}}))

    assert [(change.action, change.reason) for change in result.changes] == [(Action.SKIP, reason)]
    assert world.cluster.bodies()[A]["data"] == {"key": "theirs"}


def test_if_not_present_creates_what_is_not_there_and_then_leaves_it_alone(
    world: World, config_map: MakeConfigMap
) -> None:
    control = {PREFIX + "ssa": "IfNotPresent"}
    assert world.apply(config_map("a", {"key": "first"}, annotations=control)).changes[0].action is Action.CREATE

    result = world.apply(config_map("a", {"key": "second"}, annotations=control))

    assert result.changes[0].action is Action.SKIP
    assert world.cluster.bodies()[A]["data"] == {"key": "first"}


def test_a_live_object_can_switch_reconciling_off(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a", {"key": "one"}))
    world.cluster.apply_as("person", config_map("a", {"key": "one"}, annotations={PREFIX + "reconcile": "disabled"}))

    result = world.apply(config_map("a", {"key": "two"}))

    assert [change.reason for change in result.changes] == [f"the live object says {PREFIX}reconcile: disabled"]
    assert world.cluster.bodies()[A]["data"] == {"key": "one"}


def test_a_field_that_kubectl_set_and_we_applied_goes_when_it_leaves_the_manifests(
    world: World, config_map: MakeConfigMap
) -> None:
    world.cluster.apply_as("kubectl-client-side-apply", config_map("a", {"key": "v", "gone": "v", "theirs": "v"}))
    world.apply(config_map("a", {"key": "v", "gone": "v"}))

    world.apply(config_map("a", {"key": "v"}))

    assert world.cluster.bodies()[A]["data"] == {"key": "v", "theirs": "v"}
    assert world.apply(config_map("a", {"key": "v"})).plan.is_empty


def test_what_asks_to_be_merged_stays_with_kubectl(world: World, config_map: MakeConfigMap) -> None:
    merge = {PREFIX + "ssa": "Merge"}
    world.cluster.apply_as("kubectl", config_map("a", {"key": "v", "gone": "v"}))
    world.apply(config_map("a", {"key": "v", "gone": "v"}, annotations=merge))

    world.apply(config_map("a", {"key": "v"}, annotations=merge))

    assert world.cluster.bodies()[A]["data"] == {"key": "v", "gone": "v"}


def test_only_what_we_apply_is_taken_from_kubectl() -> None:
    ours = {"f:data": {"f:a": {}, "f:b": {}}, "f:metadata": {"f:labels": {"f:x": {}}}}
    theirs = {"f:data": {".": {}, "f:a": {}, "f:c": {}}, "f:metadata": {"f:labels": {".": {}, "f:x": {}}}}
    gitless = {"manager": "gitless", "operation": "Apply", "fieldsV1": ours}
    operator = {"manager": "operator", "operation": "Update", "fieldsV1": theirs}
    kubectl = {"manager": "kubectl-create", "operation": "Update", "fieldsV1": theirs}
    scaled = {"manager": "kubectl", "operation": "Update", "subresource": "scale", "fieldsV1": theirs}

    left = without_superseded([gitless, operator, kubectl, scaled])

    rest = {**kubectl, "fieldsV1": {"f:data": {".": {}, "f:c": {}}}}
    assert left == [gitless, operator, rest, scaled]
    assert without_superseded(left) is None
    assert without_superseded([kubectl]) is None
    assert without_superseded([gitless, {**kubectl, "fieldsV1": ours}]) == [gitless]
