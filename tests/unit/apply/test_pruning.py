from __future__ import annotations

import pytest

from pipeline.errors import ClusterError
from pipeline.model.applying.controls import PREFIX
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.apply import ApplyInterruptedError, ApplyResult
from pipeline.model.plan import Action
from pipeline.reports import render_result
from tests.unit.apply.worlds import Body, Make, MakeConfigMap, MakeDeployment, World


def pruned(result: ApplyResult) -> list[str]:
    return [str(change.object_id) for change in result.changes if change.action is Action.PRUNE]


def skipped(result: ApplyResult) -> list[str]:
    return [change.reason for change in result.changes if change.action is Action.SKIP]


def test_what_left_the_manifests_is_pruned_in_reverse_order_after_everything_was_applied(
    world: World, config_map: MakeConfigMap, deployment: MakeDeployment, definition: Body, widget: Make
) -> None:
    world.apply(config_map("a"), config_map("b"), deployment("web"), definition, widget("w"))
    world.forget_requests()

    result = world.apply(config_map("b", {"key": "new"}))

    expected = [
        "Widget.example.com shop/w",
        "Deployment.apps shop/web",
        "ConfigMap shop/a",
        "CustomResourceDefinition.apiextensions.k8s.io widgets.example.com",
    ]
    assert pruned(result) == expected
    operations = [item for item in world.cluster.requests if item[0] in {"apply", "delete"}]
    assert operations == [("apply", "ConfigMap shop/b"), *(("delete", name) for name in expected)]
    assert list(world.inventory().applied) == [ObjectId("", "ConfigMap", "shop", "b")]


def test_a_generated_object_under_a_new_name_says_so_in_the_result_and_counts_once(
    world: World, config_map: MakeConfigMap
) -> None:
    world.apply(config_map("env-5m7h2k9f8g"), config_map("other"))

    result = world.apply(config_map("env-b8f6c4d2t5"))

    told = {change.object_id.name: (change.renamed_from, change.renamed_to) for change in result.changes}
    old, new = (ObjectId("", "ConfigMap", "shop", name) for name in ("env-5m7h2k9f8g", "env-b8f6c4d2t5"))
    assert told == {new.name: (old, None), old.name: (None, new), "other": (None, None)}
    assert "\n1 pruned, 1 renamed, 0 unchanged.\n" in render_result(result, "text")


def test_objects_of_others_are_never_pruned(world: World, config_map: MakeConfigMap) -> None:
    world.cluster.apply_as("kubectl", config_map("foreign"))
    world.apply(config_map("a"))

    world.apply(config_map("b"))

    assert world.names("ConfigMap") == ["b", "foreign"]


def test_an_object_that_lost_our_label_is_let_go(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"))
    world.cluster.apply_as("other", config_map("a", labels={"gitless.dev/inventory-name": "another"}))

    result = world.apply(config_map("b"))

    assert pruned(result) == []
    assert world.names("ConfigMap") == ["a", "b"]


@pytest.mark.parametrize(("control", "value"), [("prune", "Disabled"), ("reconcile", "disabled"), ("ssa", "Ignore")])
def test_controls_keep_an_object_from_being_pruned(
    world: World, config_map: MakeConfigMap, control: str, value: str
) -> None:
    world.apply(config_map("a"))
    world.cluster.apply_as("somebody", config_map("a", annotations={PREFIX + control: value}))

    result = world.apply(config_map("b"))

    assert world.names("ConfigMap") == ["a", "b"]
    assert skipped(result) == [
        f"not pruned: the live object says {PREFIX}{control}: {'Ignore' if control == 'ssa' else 'disabled'}"
    ]
    assert ObjectId("", "ConfigMap", "shop", "a") not in world.inventory().applied


def test_without_pruning_the_object_stays_and_is_pruned_later(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"))

    result = world.apply(config_map("b"), prune=False)

    assert skipped(result) == ["not pruned: pruning is switched off"]
    assert world.names("ConfigMap") == ["a", "b"]
    assert pruned(world.apply(config_map("b"))) == ["ConfigMap shop/a"]


def test_a_namespace_in_which_wanted_objects_live_is_kept(
    world: World, namespace: Make, config_map: MakeConfigMap
) -> None:
    world.apply(namespace("fresh"), config_map("a", namespace="fresh"))

    result = world.apply(config_map("a", namespace="fresh"))

    assert skipped(result) == ["not pruned: objects of the manifests are in it"]
    assert "fresh" in world.names("Namespace")


def test_the_namespace_of_the_inventory_is_kept(world: World, namespace: Make, config_map: MakeConfigMap) -> None:
    world.apply(namespace("home"), config_map("a"), namespace="home")

    result = world.apply(config_map("a"), namespace="home")

    assert skipped(result) == ["not pruned: it holds the inventory"]


def test_a_definition_of_wanted_objects_is_kept(world: World, definition: Body, widget: Make) -> None:
    world.apply(definition, widget("w"))

    result = world.apply(widget("w"))

    assert skipped(result) == ["not pruned: objects of the manifests are of this kind"]


def test_a_failed_prune_leaves_its_object_in_the_inventory_and_the_others_go(
    world: World, config_map: MakeConfigMap
) -> None:
    world.apply(config_map("a"), config_map("b"), config_map("c"))

    def fail(operation: str, subject: str) -> None:
        if (operation, subject) == ("delete", "ConfigMap shop/a"):
            raise ClusterError("deleting ConfigMap shop/a is forbidden", code="cluster.denied")

    world.cluster.before = fail
    with pytest.raises(ApplyInterruptedError, match=r"1 object\(s\) could not be pruned: ConfigMap shop/a") as caught:
        world.apply(config_map("c"))

    assert caught.value.exit_code == 6
    assert pruned(caught.value.result) == ["ConfigMap shop/b"]
    world.cluster.before = lambda _operation, _subject: None
    assert {key.name for key in world.inventory().applied} == {"a", "c"}
    assert pruned(world.apply(config_map("c"))) == ["ConfigMap shop/a"]


def test_what_is_being_deleted_already_is_not_deleted_again(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a", finalizers=["example.com/hold"]))
    world.apply(config_map("b"))
    world.forget_requests()

    world.apply(config_map("b"))

    assert [item for item in world.cluster.requests if item[0] == "delete"] == []
