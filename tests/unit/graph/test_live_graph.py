"""What an inventory's objects are like in a cluster, and what controllers made of them."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.graph.graph import Node, Tone
from pipeline.model.manifests import ObjectId
from pipeline.stages.graph import LiveGraph, live_graph
from tests.unit.verify.support import WEB, World, config_map, deployment


@pytest.fixture
def world() -> World:
    return World()


def drawn(world: World) -> LiveGraph:
    return live_graph(world.inventory(), world.cluster, world.clock)


def nodes(live: LiveGraph) -> dict[str, Node]:
    return {node.id: node for node in live.graph.nodes}


def using_settings() -> dict[str, Any]:
    made = deployment()
    made["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "configMap": {"name": "settings"}}]
    return made


def owned(world: World, kind: str, name: str, owner: ObjectId, **fields: Any) -> ObjectId:  # noqa: ANN401
    body = world.cluster.bodies()[owner]
    reference = {"apiVersion": body["apiVersion"], "kind": owner.kind, "name": owner.name,
                 "uid": body["metadata"]["uid"], "controller": True}  # fmt: skip
    api_version = "apps/v1" if kind == "ReplicaSet" else "v1"
    metadata = {"name": name, "namespace": "shop", "labels": {"app": "web"}}
    made = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
    world.cluster.apply_as("kube-controller-manager", made)
    object_id = ObjectId("apps" if kind == "ReplicaSet" else "", kind, "shop", name)
    world.cluster.set_owner(object_id, reference)
    return object_id


def test_everything_of_the_inventory_has_the_colour_of_its_health(world: World) -> None:
    world.deploy(config_map(), using_settings())
    world.ready(readyReplicas=0, availableReplicas=0)

    found = nodes(drawn(world))

    assert found["ConfigMap shop/settings"].tone is Tone.HEALTHY
    assert found["Deployment.apps shop/web"].tone is Tone.PROGRESSING
    assert found["Deployment.apps shop/web"].detail != ""


def test_replica_sets_and_pods_hang_below_their_workload_and_old_ones_are_left_out(world: World) -> None:
    world.deploy(deployment())
    current = owned(world, "ReplicaSet", "web-2", WEB, spec={"replicas": 1, "selector": {"matchLabels": {"a": "b"}}})
    owned(world, "ReplicaSet", "web-1", WEB, spec={"replicas": 0, "selector": {"matchLabels": {"a": "b"}}})
    owned(world, "Pod", "web-2-x", current, spec={"containers": [{"name": "c"}]})

    live = drawn(world)

    assert sorted(f"{edge.source} {edge.label} {edge.target}" for edge in live.graph.edges) == [
        "Deployment.apps shop/web owns ReplicaSet.apps shop/web-2",
        "ReplicaSet.apps shop/web-2 owns Pod shop/web-2-x",
    ]
    assert "ReplicaSet.apps shop/web-1" not in nodes(live)


def test_what_is_gone_is_missing_even_where_nothing_names_it(world: World) -> None:
    world.deploy(config_map(), deployment())
    kind = world.cluster.resource_type("v1", "ConfigMap")
    assert kind is not None
    settings = ObjectId("", "ConfigMap", "shop", "settings")
    world.cluster.delete(kind, settings, uid=world.cluster.bodies()[settings]["metadata"]["uid"])

    node = nodes(drawn(world))["ConfigMap shop/settings"]

    assert (node.tone, node.detail) == (Tone.MISSING, "not in the cluster")


def test_what_is_named_is_looked_for_outside_the_inventory(world: World) -> None:
    made = using_settings()
    made["spec"]["template"]["spec"]["volumes"].append({"name": "w", "secret": {"secretName": "db"}})
    world.cluster.apply_as("somebody", config_map())
    world.deploy(made)

    found = nodes(drawn(world))

    assert (found["ConfigMap shop/settings"].tone, found["ConfigMap shop/settings"].detail) == (
        Tone.PLAIN,
        "not of this inventory",
    )
    assert found["Secret shop/db"].tone is Tone.MISSING


def test_what_may_not_be_read_is_noted_and_drawn_without_a_verdict(world: World) -> None:
    world.deploy(config_map(), deployment())

    def denied(operation: str, subject: str) -> None:
        if operation == "read" and "settings" in subject:
            raise ClusterError("may not get configmaps", code="cluster.denied")

    world.cluster.before = denied
    live = drawn(world)

    node = nodes(live)["ConfigMap shop/settings"]
    assert (node.tone, node.detail) == (Tone.PLAIN, "cannot be read")
    assert live.notes == ("ConfigMap shop/settings cannot be read: may not get configmaps",)


def test_a_cluster_that_is_not_there_is_an_error(world: World) -> None:
    world.deploy(config_map())
    inventory = world.inventory()

    def unreachable(_operation: str, _subject: str) -> None:
        raise ClusterError("no answer", code="cluster.unreachable")

    world.cluster.before = unreachable
    with pytest.raises(ClusterError, match="no answer"):
        live_graph(inventory, world.cluster, world.clock)


def test_custom_resources_are_looked_for_in_the_version_that_is_served(world: World) -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "issuers.cert-manager.io"},
        "spec": {"group": "cert-manager.io", "names": {"kind": "Issuer", "plural": "issuers"}, "scope": "Namespaced",
                 "versions": [{"name": "v1alpha1", "served": True}]},
    }  # fmt: skip
    metadata = {"name": "acme", "namespace": "shop"}
    world.cluster.apply_as("somebody", definition)
    world.cluster.apply_as(
        "somebody", {"apiVersion": "cert-manager.io/v1alpha1", "kind": "Issuer", "metadata": metadata}
    )
    annotations = {"cert-manager.io/issuer": "acme"}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
        "spec": {},
    }
    world.deploy(ingress)

    assert nodes(drawn(world))["Issuer.cert-manager.io shop/acme"].tone is Tone.PLAIN
