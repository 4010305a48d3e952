from __future__ import annotations

import base64
import os
from collections.abc import Sequence

import pytest

from pipeline.environment import running_as
from pipeline.errors import ClusterError, ManifestError, RefusedError, UsageError
from pipeline.model.applying.controls import PREFIX, Controls, controls_of
from pipeline.model.applying.desired import data_bytes, desired_hash, desired_resource
from pipeline.model.applying.inventory import Inventory, check_inventory_name, inventory_name
from pipeline.model.applying.live_plan import Obstacle, obstacle_error
from pipeline.model.applying.ownership import foreign_owner, is_owned_by, owner_labels, owner_selector
from pipeline.model.applying.staging import Brought, batches, what_is_awaited
from pipeline.model.cluster import ResourceType
from pipeline.model.comparison.shapes import FEW, representatives, shape
from pipeline.model.manifests import Resource
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.plan import Action, Change, Plan
from pipeline.reports.text.apply import render
from pipeline.stages import deciding
from pipeline.stages.parallel import in_parallel
from tests.unit.apply.worlds import Body, MakeConfigMap, MakeDeployment, World

OURS = Inventory("shop", "web")


def test_our_own_labels_win_over_marks_that_a_take_over_left_behind() -> None:
    metadata = {"labels": {**owner_labels(OURS), "kustomize.toolkit.fluxcd.io/name": "apps"}}

    assert is_owned_by(metadata, OURS)
    assert foreign_owner(metadata, OURS) is None
    assert str(foreign_owner(metadata, Inventory("shop", "other"))) == "gitless inventory shop/web"
    assert owner_selector(OURS) == "gitless.dev/inventory-name=web,gitless.dev/inventory-namespace=shop"


def test_nobodys_object_has_no_owner() -> None:
    assert foreign_owner({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, OURS) is None
    assert foreign_owner({"labels": None, "annotations": None}, OURS) is None


def test_controls_are_read_from_labels_and_annotations_whatever_their_case() -> None:
    metadata = {
        "labels": {PREFIX + "ssa": "MERGE"},
        "annotations": {PREFIX + "ssa": "ignore", PREFIX + "prune": "Disabled"},
    }

    assert controls_of(metadata) == Controls(ssa="merge", prune="disabled")


def test_the_sent_body_has_nothing_that_only_the_server_may_say(config_map: MakeConfigMap) -> None:
    exported = config_map("a", {"k": "v"}, "")
    exported["metadata"] |= {"uid": "1", "resourceVersion": "2", "creationTimestamp": None, "managedFields": []}
    exported["status"] = {"phase": "Active"}

    sent = desired_resource(Resource.from_body(exported), "shop", {"label": "ours"})

    assert sent.body == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "shop", "labels": {"label": "ours"}},
        "data": {"k": "v"},
    }
    assert sent.id.namespace == "shop"


def test_string_data_becomes_data_and_counts_towards_the_limit() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"b": "ü"},
        "data": {"a": "QQ=="},
    }

    sent = desired_resource(Resource.from_body(secret), "shop", {})

    assert sent.body["data"] == {"a": "QQ==", "b": base64.b64encode("ü".encode()).decode()}
    assert "stringData" not in sent.body
    assert data_bytes(sent) == 3


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert desired_hash({"a": 1, "b": {"c": 2, "d": 3}}) == desired_hash({"b": {"d": 3, "c": 2}, "a": 1})
    assert desired_hash({"a": 1}) != desired_hash({"a": "1"})


def test_batches_follow_stages_then_ranks_and_webhooks_come_last(config_map: MakeConfigMap) -> None:
    kinds = ["ValidatingWebhookConfiguration", "Widget", "StorageClass", "DeviceClass", "Namespace", "ConfigMap"]
    changes = [Change(Action.CREATE, Resource.from_body({**config_map("x"), "kind": kind}).id, "v1") for kind in kinds]

    order = [(stage, [item.object_id.kind for item in batch]) for stage, batch in batches(changes)]

    assert order == [
        (0, ["Namespace"]),
        (1, ["StorageClass"]),
        (1, ["DeviceClass"]),
        (2, ["ConfigMap"]),
        (2, ["Widget"]),
        (2, ["ValidatingWebhookConfiguration"]),
    ]


def test_a_definition_brings_its_served_versions(definition: Body) -> None:
    definition["spec"]["versions"].append({"name": "v2", "served": False})
    broken = {**definition, "metadata": {"name": "broken"}, "spec": {"names": None}}

    brought = Brought.by([Resource.from_body(definition), Resource.from_body(broken)])

    widget = ResourceType("example.com/v1", "Widget", "widgets", namespaced=True)
    assert brought.kinds == {("example.com/v1", "Widget"): widget}


@pytest.mark.parametrize(
    ("live", "lacking"),
    [
        (None, "it is gone"),
        ({"kind": "Namespace", "status": {"phase": "Active"}}, ""),
        ({"kind": "Namespace", "status": {"phase": "Terminating"}}, "its phase is Terminating"),
        ({"kind": "CustomResourceDefinition"}, "its condition NamesAccepted is not True"),
        (
            {
                "kind": "CustomResourceDefinition",
                "status": {"conditions": [{"type": "NamesAccepted", "status": "False", "message": "taken"}]},
            },
            "its condition NamesAccepted is not True: taken",
        ),
    ],
)
def test_definitions_and_namespaces_are_waited_for(live: Body | None, lacking: str) -> None:
    assert what_is_awaited(live) == lacking


def test_few_creations_are_all_tried_and_many_by_one_of_each_shape(
    config_map: MakeConfigMap, deployment: MakeDeployment
) -> None:
    few = [(number, config_map(f"c{number}")) for number in range(FEW)]
    assert representatives(few) == set(range(FEW))

    odd = deployment("odd")
    odd["spec"]["paused"] = True
    many = [*few, (100, deployment("a")), (101, deployment("b", image="other:2")), (102, odd)]
    many.append((103, config_map("c", {"other": "key"}, "elsewhere")))

    assert representatives(many) == {0, 100, 102, 103}
    assert shape({"a": [1, 2]}) == shape({"a": [3]}) != shape({"a": ["3"]})


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("oci://ghcr.io/acme/shop:1.0", "shop"),
        ("oci://localhost:5000/acme/My_shop@sha256:" + "a" * 64, "my-shop"),
        ("oci-layout:out/shop:v1", "shop"),
        ("deploy/shop.app/", "shop-app"),
        ("all.yaml", "all"),
    ],
)
def test_the_inventory_is_named_after_what_is_applied(what: str, name: str) -> None:
    assert check_inventory_name(inventory_name(what)) == name


def test_names_that_cannot_be_labels_are_refused() -> None:
    with pytest.raises(UsageError, match="gives the inventory no name"):
        inventory_name("..")
    with pytest.raises(UsageError, match="cannot name an inventory"):
        check_inventory_name("x" * 54)


def test_obstacles_become_one_error_of_the_gravest_family() -> None:
    def raised(*families: type[ClusterError | ManifestError | RefusedError]) -> type[Exception]:
        return type(obstacle_error([Obstacle("x", "wrong", "", family) for family in families]))

    assert raised(RefusedError) is RefusedError
    assert raised(RefusedError, ClusterError) is ClusterError
    assert raised(RefusedError, ClusterError, ManifestError) is ManifestError
    many = obstacle_error([Obstacle(f"x{number}", "wrong", "do that") for number in range(25)])
    assert "25 problems" in many.message
    assert "… and 5 more" in many.message
    assert many.hint == "do that"


def test_after_a_failure_nothing_more_is_begun_and_the_failure_is_raised() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise ClusterError("three")
        return number

    assert in_parallel(lambda number: number * 2, range(10), concurrency=4) == list(range(0, 20, 2))
    with pytest.raises(ClusterError, match="three"):
        in_parallel(work, range(1000), concurrency=2)
    assert len(begun) < 1000


def result(changes: Sequence[Change]) -> ApplyResult:
    plan = Plan(tuple(changes), 4)
    return ApplyResult(cluster="kind", namespace="shop", inventory="web", plan=plan, source="deploy")


def test_the_text_tells_what_changed_and_counts_last(world: World, config_map: MakeConfigMap) -> None:
    one = Resource.from_body(config_map("a")).id
    changes = [
        Change(Action.RECREATE, one, "v1", reason="spec.selector cannot be changed"),
        Change(Action.SKIP, one, "v1", reason="the manifest says so"),
        Change(Action.PRUNE, one, "v1", reason="it is no longer in the manifests"),
    ]

    assert render(result(changes), color=False).splitlines() == [
        "recreated  ConfigMap shop/a  (spec.selector cannot be changed)",
        "skipped    ConfigMap shop/a  (the manifest says so)",
        "pruned     ConfigMap shop/a",
        "1 recreated, 1 pruned, 1 skipped, 4 unchanged.",
        "inventory shop/web in kind, deploy",
    ]
    assert "Nothing to do: all 4 objects are as desired, 1 skipped." in render(result(changes[1:2]), color=False)
    assert "\x1b[" in render(result(changes), color=True)


def test_what_holds_other_things_is_not_recreated_by_the_general_option(
    world: World, deployment: MakeDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "_PRECIOUS", frozenset({"Deployment"}))
    world.apply(deployment("web", app="one"))

    with pytest.raises(RefusedError, match="immutable") as caught:
        world.apply(deployment("web", app="two"), recreate=True)
    assert f"annotate it with {PREFIX}force: enabled" in str(caught.value.hint)


def test_an_empty_artifact_does_not_delete_everything(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"))

    with pytest.raises(RefusedError, match="shop/shop: there are no objects to apply, so everything in it would"):
        world.apply()
    assert world.names("ConfigMap") == ["a"]


def test_without_rights_on_all_namespaces_each_one_is_asked(world: World, config_map: MakeConfigMap) -> None:
    names = [f"n{number}" for number in range(7)]
    for name in names:
        world.cluster.apply_as("admin", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    bodies = [config_map("a", namespace=name) for name in names]
    world.apply(*bodies)

    def deny(operation: str, subject: str) -> None:
        if (operation, subject) == ("list_metadata", "ConfigMap *"):
            raise ClusterError("may not list", code="cluster.denied")

    world.cluster.before = deny
    assert world.apply(*bodies).plan.is_empty


@pytest.mark.parametrize(
    ("environment", "writer"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_RUN_ID": "7",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "acme/shop",
            },
            "https://github.com/acme/shop/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://gitlab.test/jobs/1"}, "https://gitlab.test/jobs/1"),
        ({"USER": "carol"}, f"carol@{os.uname().nodename}"),
    ],
)
def test_the_writer_is_the_ci_job_or_the_user(environment: dict[str, str], writer: str) -> None:
    assert running_as(environment) == writer
