from __future__ import annotations

import pytest

from pipeline.errors import ClusterError, ManifestError, RefusedError
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.apply import ApplyInterruptedError, ApplyResult
from pipeline.model.plan import Action
from tests.unit.apply.worlds import Body, Make, MakeConfigMap, MakeDeployment, World

DIGEST = "sha256:" + "a" * 64


def actions(result: ApplyResult) -> list[tuple[Action, str]]:
    return [(change.action, change.object_id.name) for change in result.changes]


def test_a_first_apply_creates_everything_with_owner_labels(
    world: World, config_map: MakeConfigMap, deployment: MakeDeployment
) -> None:
    result = world.apply(config_map("a"), deployment("web"))

    assert actions(result) == [(Action.CREATE, "a"), (Action.CREATE, "web")]
    labels = world.cluster.bodies()[ObjectId("", "ConfigMap", "shop", "a")]["metadata"]["labels"]
    assert labels == {"gitless.dev/inventory-name": "shop", "gitless.dev/inventory-namespace": "shop"}
    inventory = world.inventory()
    assert sorted(object_id.name for object_id in inventory.applied) == ["a", "web"]
    assert not inventory.pending
    assert inventory.writer == "tester@here"
    assert inventory.written_at == "2027-01-15T08:00:00Z"


def test_the_intention_is_saved_before_the_first_write(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"))

    assert [operation for operation, _ in world.writes()] == ["save_inventory", "apply", "save_inventory"]


def test_a_second_run_writes_nothing_and_asks_per_kind_only(
    world: World, config_map: MakeConfigMap, deployment: MakeDeployment
) -> None:
    bodies = [config_map(f"c{number}") for number in range(20)] + [deployment(f"d{number}") for number in range(20)]
    world.apply(*bodies, digest=DIGEST)
    before = {key: body["metadata"]["resourceVersion"] for key, body in world.cluster.bodies().items()}
    version = world.inventory().resource_version
    world.forget_requests()

    result = world.apply(*bodies, digest=DIGEST)

    assert result.plan.is_empty
    assert result.plan.unchanged == 40
    assert world.writes() == []
    assert len(world.cluster.requests) <= 5  # the inventory, and two requests per kind
    assert before == {key: body["metadata"]["resourceVersion"] for key, body in world.cluster.bodies().items()}
    assert world.inventory().resource_version == version


def test_a_new_digest_with_the_same_content_only_saves_the_inventory(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"), digest=DIGEST)
    world.forget_requests()

    world.apply(config_map("a"), digest="sha256:" + "b" * 64)

    assert world.writes() == [("save_inventory", "shop/shop")]
    assert world.inventory().digest == "sha256:" + "b" * 64


def test_only_what_differs_is_sent_and_told_field_by_field(
    world: World, config_map: MakeConfigMap, deployment: MakeDeployment
) -> None:
    world.apply(config_map("a"), deployment("web"))
    world.forget_requests()

    result = world.apply(config_map("a"), deployment("web", image="web:2"))

    assert [item for item in world.writes() if item[0] == "apply"] == [("apply", "Deployment.apps shop/web")]
    (change,) = result.changes
    assert change.action is Action.CONFIGURE
    (field,) = change.fields
    assert field.path == "spec.template.spec.containers[name=web].image"
    assert (field.before, field.after, field.is_drift) == ("web:1", "web:2", False)


def test_drift_is_told_and_repaired(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a", {"key": "value"}))
    drifted = config_map("a", {"key": "other"})
    world.cluster.apply_as("kubectl-edit", drifted)

    with pytest.raises(RefusedError, match="kubectl-edit"):
        world.apply(config_map("a", {"key": "value"}))
    result = world.apply(config_map("a", {"key": "value"}), force_conflicts=True)

    (field,) = result.changes[0].fields
    assert (field.path, field.before, field.after, field.is_drift) == ("data.key", "other", "value", True)
    assert field.manager == "kubectl-edit"
    assert world.cluster.bodies()[ObjectId("", "ConfigMap", "shop", "a")]["data"] == {"key": "value"}


def test_a_removed_field_is_removed(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a", {"key": "value", "gone": "soon"}))

    world.apply(config_map("a", {"key": "value"}))

    assert world.cluster.bodies()[ObjectId("", "ConfigMap", "shop", "a")]["data"] == {"key": "value"}


def test_dry_run_plans_and_writes_nothing(world: World, config_map: MakeConfigMap) -> None:
    result = world.apply(config_map("a"), dry_run=True)

    assert result.dry_run
    assert actions(result) == [(Action.CREATE, "a")]
    assert world.writes() == []


def test_an_object_deleted_by_somebody_comes_back_and_says_why(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"))
    world.delete(ObjectId("", "ConfigMap", "shop", "a"))

    result = world.apply(config_map("a"))

    assert actions(result) == [(Action.CREATE, "a")]
    assert result.changes[0].reason == "it was deleted from the cluster"


def test_objects_without_a_namespace_go_to_the_chosen_one_and_it_is_said(
    world: World, config_map: MakeConfigMap
) -> None:
    result = world.apply(config_map("a", namespace=""))

    assert ObjectId("", "ConfigMap", "shop", "a") in world.cluster.bodies()
    assert result.notes == ("1 object(s) name no namespace and go to 'shop'",)
    assert result.notes[0] in world.reporter.lines


def test_two_objects_that_become_one_in_the_default_namespace_are_refused(
    world: World, config_map: MakeConfigMap
) -> None:
    with pytest.raises(ManifestError, match="defined twice"):
        world.apply(config_map("a", namespace=""), config_map("a", namespace="shop"))


def test_definitions_namespaces_and_what_needs_them_in_one_apply(
    world: World, definition: Body, widget: Make, namespace: Make, config_map: MakeConfigMap
) -> None:
    result = world.apply(
        config_map("inside", namespace="fresh"), widget("w"), definition, namespace("fresh"), config_map("plain")
    )

    applied = [subject for operation, subject in world.cluster.requests if operation == "apply"]
    assert applied[:2] == ["CustomResourceDefinition.apiextensions.k8s.io widgets.example.com", "Namespace fresh"]
    assert sorted(applied[2:]) == ["ConfigMap fresh/inside", "ConfigMap shop/plain", "Widget.example.com shop/w"]
    assert result.plan.count(Action.CREATE) == 5
    assert world.apply(
        config_map("inside", namespace="fresh"), widget("w"), definition, namespace("fresh"), config_map("plain")
    ).plan.is_empty


def test_a_dry_run_plans_what_is_not_possible_yet_as_creations(
    world: World, definition: Body, widget: Make, namespace: Make, config_map: MakeConfigMap
) -> None:
    result = world.apply(
        widget("w"), definition, namespace("fresh"), config_map("inside", namespace="fresh"), dry_run=True
    )

    assert result.plan.count(Action.CREATE) == 4
    assert world.writes() == []


def test_the_inventorys_own_namespace_may_come_with_the_manifests(
    world: World, namespace: Make, config_map: MakeConfigMap
) -> None:
    world.apply(namespace("home"), config_map("a", namespace=""), namespace="home")

    assert world.inventory("home").applied.keys() == {
        ObjectId("", "Namespace", "", "home"),
        ObjectId("", "ConfigMap", "home", "a"),
    }


def test_problems_are_all_named_before_anything_is_written(
    world: World, config_map: MakeConfigMap, widget: Make
) -> None:
    large = config_map("large", {"file": "x" * 1024 * 1025})
    cluster_wide = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "namespace": "shop"}}

    with pytest.raises(ManifestError) as caught:
        world.apply(config_map("a", namespace="nowhere"), widget("w"), large, cluster_wide)

    message = caught.value.message
    assert "4 problems, found before anything was written" in message
    assert "ConfigMap nowhere/a: the namespace 'nowhere' does not exist" in message
    assert "Widget.example.com shop/w: the cluster does not serve the kind Widget in example.com/v1" in message
    assert "ConfigMap shop/large: its data has 1049600 bytes; the API server accepts 1048576" in message
    assert "Namespace is cluster-wide, yet the manifest names the namespace 'shop'" in message
    assert world.writes() == []


def test_a_missing_kind_alone_is_a_cluster_error_that_counts_its_objects(world: World, widget: Make) -> None:
    with pytest.raises(ClusterError, match=r"Widget.example.com shop/a and 1 more: the cluster does not serve"):
        world.apply(widget("a"), widget("b"))


def test_an_error_in_the_middle_prunes_nothing_and_carries_what_was_done(
    world: World, config_map: MakeConfigMap, deployment: MakeDeployment
) -> None:
    world.apply(config_map("old"))

    def fail(operation: str, subject: str) -> None:
        if (operation, subject) == ("apply", "Deployment.apps shop/web"):
            raise ClusterError("the API server said no")

    world.cluster.before = fail
    with pytest.raises(ApplyInterruptedError) as caught:
        world.apply(config_map("new"), deployment("web"))

    assert caught.value.exit_code == 6
    assert "the same command again" in str(caught.value.hint)
    assert actions(caught.value.result) == [(Action.CREATE, "new")]
    assert not caught.value.result.is_complete
    assert world.names("ConfigMap") == ["new", "old"]
    world.cluster.before = lambda _operation, _subject: None
    assert {object_id.name for object_id in world.inventory().pending} == {"new", "web"}
    world.apply(config_map("new"), deployment("web"))
    assert world.names("ConfigMap") == ["new"]
