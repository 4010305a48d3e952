"""Objects in the colours of what a plan does to them."""

from __future__ import annotations

from dataclasses import replace

from pipeline.model.graph.changes import changed_graph
from pipeline.model.graph.graph import Graph, Tone
from pipeline.model.manifests import Manifests
from pipeline.model.plan import Action, Change, Plan
from pipeline.stages.diff import diff
from tests.unit.graph.objects import resource, workload


def tones(graph: Graph) -> dict[str, tuple[Tone, str]]:
    return {node.id: (node.tone, node.detail) for node in graph.nodes}


def test_every_object_of_both_sides_has_the_colour_of_its_change() -> None:
    same = resource("ServiceAccount", "robot")
    before = Manifests.of([same, resource("ConfigMap", data={"a": "1"}), resource("Secret", "old")])
    after = Manifests.of([same, resource("ConfigMap", data={"a": "2"}), workload(serviceAccountName="robot")])

    graph = changed_graph(diff(before, after), before, after)

    assert tones(graph) == {
        "ConfigMap shop/web": (Tone.CHANGED, "1 field"),
        "Deployment.apps shop/web": (Tone.CREATED, ""),
        "Secret shop/old": (Tone.DELETED, ""),
        "ServiceAccount shop/robot": (Tone.PLAIN, ""),
    }


def test_what_loses_its_target_shows_it_as_deleted_and_not_as_missing() -> None:
    before = Manifests.of([workload(serviceAccountName="robot"), resource("ServiceAccount", "robot")])
    after = Manifests.of([workload(serviceAccountName="robot")])

    assert tones(changed_graph(diff(before, after), before, after))["ServiceAccount shop/robot"][0] is Tone.DELETED


def test_a_plan_against_a_cluster_finds_manifests_that_name_no_namespace() -> None:
    made = resource("ConfigMap", namespace="")
    planned = replace(made.id, namespace="shop")
    pruned = replace(made.id, name="old", namespace="shop")
    changes = (Change(Action.RECREATE, planned, "v1"), Change(Action.PRUNE, pruned, "v1", reason="not desired"))

    graph = changed_graph(Plan(changes), Manifests(), Manifests.of([made]))

    assert tones(graph) == {
        "ConfigMap web": (Tone.RECREATED, ""),
        "ConfigMap shop/old": (Tone.DELETED, "not desired"),
    }
