"""Which lines are drawn between which objects, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.graph.building import CLUSTER_GROUP, Mark, build_graph
from pipeline.model.graph.graph import Graph, Relation, Tone
from pipeline.model.manifests import Resource
from tests.unit.graph.objects import resource, workload


def lines(graph: Graph) -> list[str]:
    return sorted(f"{edge.source} {edge.label} {edge.target}" for edge in graph.edges)


def missing(graph: Graph) -> list[str]:
    return [node.id for node in graph.nodes if node.tone is Tone.MISSING]


def test_services_lead_to_workloads_and_these_to_what_they_use() -> None:
    made = [
        resource("Service", spec={"selector": {"app": "web"}}),
        workload(volumes=[{"name": "v", "configMap": {"name": "settings"}}]),
        resource("ConfigMap", "settings"),
    ]

    assert lines(build_graph(made)) == [
        "Deployment.apps shop/web volume ConfigMap shop/settings",
        "Service shop/web selects Deployment.apps shop/web",
    ]


def test_a_selector_finds_only_whatever_has_all_its_labels_in_its_namespace() -> None:
    made = [
        resource("Service", spec={"selector": {"app": "web", "tier": "front"}}),
        workload("web", labels={"app": "web", "tier": "front", "more": "x"}),
        workload("other", labels={"app": "web"}),
        resource(
            "Deployment",
            "far",
            namespace="elsewhere",
            spec={"template": {"metadata": {"labels": {"app": "web", "tier": "front"}}, "spec": {"containers": []}}},
        ),
    ]

    assert lines(build_graph(made)) == ["Service shop/web selects Deployment.apps shop/web"]


def test_pods_are_selected_through_what_owns_them() -> None:
    def owned(kind: str, name: str, owner: str, by: str) -> Resource:
        metadata: dict[str, Any] = {
            "labels": {"app": "web"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": by, "name": owner}],
        }
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
        spec: dict[str, Any] = {"containers": []} if kind == "Pod" else {"template": template}
        return resource(kind, name, metadata=metadata, spec=spec)

    made = [
        resource("Service", spec={"selector": {"app": "web"}}),
        workload(),
        owned("ReplicaSet", "web-1", "web", "Deployment"),
        owned("Pod", "web-1-a", "web-1", "ReplicaSet"),
    ]

    assert lines(build_graph(made)) == [
        "Deployment.apps shop/web owns ReplicaSet.apps shop/web-1",
        "ReplicaSet.apps shop/web-1 owns Pod shop/web-1-a",
        "Service shop/web selects Deployment.apps shop/web",
    ]


def test_what_a_pod_needs_is_drawn_from_what_it_was_made_by() -> None:
    metadata = {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}]}
    spec = {"containers": [], "serviceAccountName": "robot", "priorityClassName": "own"}
    made = [workload(serviceAccountName="robot"), resource("Pod", "web-1", metadata=metadata, spec=spec)]

    assert lines(build_graph(made)) == [
        "Deployment.apps shop/web owns Pod shop/web-1",
        "Deployment.apps shop/web runs as ServiceAccount shop/robot",
        "Pod shop/web-1 priority PriorityClass.scheduling.k8s.io own",
    ]


def test_what_is_named_and_not_there_is_a_missing_node() -> None:
    graph = build_graph([workload(serviceAccountName="robot")], elsewhere="not in the artifact")

    assert [(node.id, node.tone, node.detail) for node in graph.nodes] == [
        ("Deployment.apps shop/web", Tone.PLAIN, ""),
        ("ServiceAccount shop/robot", Tone.MISSING, "not in the artifact"),
    ]


@pytest.mark.parametrize(
    "made",
    [
        workload(serviceAccountName="default"),
        workload(volumes=[{"name": "v", "configMap": {"name": "kube-root-ca.crt"}}]),
        workload(volumes=[{"name": "v", "configMap": {"name": "settings", "optional": True}}]),
        workload(priorityClassName="system-node-critical"),
        resource("RoleBinding", roleRef={"kind": "ClusterRole", "name": "view"}),
        resource("ClusterRoleBinding", namespace="", roleRef={"kind": "ClusterRole", "name": "system:node"}),
    ],
)
def test_what_every_cluster_has_and_what_may_be_missing_is_not(made: Resource) -> None:
    assert missing(build_graph([made])) == []


def test_a_secret_that_a_controller_makes_is_what_makes_it() -> None:
    made = [
        resource("Ingress", spec={"tls": [{"secretName": "tls"}]}),
        resource("Certificate", "shop", api="cert-manager.io/v1", spec={"secretName": "tls"}),
    ]

    graph = build_graph(made)

    assert lines(graph) == ["Ingress.networking.k8s.io shop/web TLS Certificate.cert-manager.io shop/shop"]
    assert missing(graph) == []


def test_manifests_without_namespaces_find_each_other() -> None:
    made = [
        resource("RoleBinding", namespace="", subjects=[{"kind": "ServiceAccount", "name": "r", "namespace": "shop"}]),
        resource("ServiceAccount", "r", namespace=""),
    ]

    assert lines(build_graph(made)) == ["RoleBinding.rbac.authorization.k8s.io web to ServiceAccount r"]


def test_custom_resources_lead_to_their_definition() -> None:
    made = [
        resource("Campaign", "summer", api="shop.example/v1"),
        resource(
            "CustomResourceDefinition",
            "campaigns.shop.example",
            namespace="",
            spec={"group": "shop.example", "names": {"kind": "Campaign"}},
        ),
    ]

    assert lines(build_graph(made)) == [f"Campaign.shop.example shop/summer defined by {made[1].id}"]


def test_cluster_roles_are_aggregated_by_labels() -> None:
    made = [
        resource(
            "ClusterRole",
            "all",
            namespace="",
            aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"part": "all"}}]},
        ),
        resource("ClusterRole", "some", namespace="", metadata={"labels": {"part": "all"}}),
    ]

    assert [edge.relation for edge in build_graph(made).edges] == [Relation.SELECTOR]


def test_what_is_in_no_namespace_is_drawn_with_the_only_one_that_uses_it() -> None:
    role = resource("ClusterRole", "reader", namespace="")
    binding = resource("RoleBinding", roleRef={"kind": "ClusterRole", "name": "reader"})
    another = resource("RoleBinding", namespace="other", roleRef={"kind": "ClusterRole", "name": "reader"})

    def group(graph: Graph) -> str:
        return next(node.group for node in graph.nodes if node.title == "ClusterRole")

    assert (group(build_graph([role, binding])), group(build_graph([role, binding, another]))) == (
        "shop",
        CLUSTER_GROUP,
    )


def test_a_namespace_is_drawn_inside_itself() -> None:
    [node] = build_graph([resource("Namespace", "shop", namespace="")]).nodes

    assert node.group == "shop"


def test_marks_colour_objects_and_what_they_name() -> None:
    made = workload(serviceAccountName="robot")
    named = build_graph([made]).nodes[1].object_id
    assert named is not None

    graph = build_graph([made], marks={made.id: Mark(Tone.FAILED, "no pods"), named: Mark(Tone.PLAIN, "there")})

    assert [(node.tone, node.detail) for node in graph.nodes] == [(Tone.FAILED, "no pods"), (Tone.PLAIN, "there")]
