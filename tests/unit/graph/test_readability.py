"""Large graphs become pictures that can be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.model.graph.building import build_graph
from pipeline.model.graph.folding import MAX_DRAWN, drawable, folded, gathered
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.graph.hubs import SMALL, without_hubs
from pipeline.model.graph.narrowing import CHANGING, Part, narrowed
from tests.unit.graph.objects import resource, workload


def graph_of(*links: str) -> Graph:
    """``a>b`` is a line from a to b; a name alone is a node."""
    names = dict.fromkeys(name for link in links for name in link.split(">"))
    ends = [link.split(">") for link in links if ">" in link]
    edges = [Edge(source, target, Relation.REFERENCE) for source, target in ends]
    return Graph(nodes=tuple(Node(id=name, title="Thing", label=name) for name in names), edges=tuple(edges))


def test_four_alike_become_one_that_names_them() -> None:
    made = [resource("ConfigMap", f"dashboard-{number}") for number in range(4)]

    [node] = folded(build_graph(made)).nodes

    assert (node.label, node.count, node.folded[-1]) == ("dashboard…", 4, "dashboard-3")


def test_three_alike_stay_as_they_are() -> None:
    assert len(folded(build_graph([resource("ConfigMap", name) for name in "abc"])).nodes) == 3


def test_two_pods_of_one_owner_are_enough() -> None:
    owner = {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1"}]}
    made = [resource("ReplicaSet", "web-1"), *(resource("Pod", f"web-1-{name}", metadata=owner) for name in "ab")]

    graph = folded(build_graph(made))

    assert [node.count for node in graph.nodes] == [1, 2]
    assert [edge.target for edge in graph.edges] == ["Pod shop/web-1-a"]


def test_what_has_other_neighbours_or_another_tone_is_not_alike() -> None:
    graph = graph_of("a>x", "b>x", "c>x", "d>y", "e>x")

    assert len(folded(graph).nodes) == 4
    failed = [Node(id="f", title="Thing", label="f", tone=Tone.FAILED)]
    lonely = Graph(nodes=(*(Node(id=name, title="Thing", label=name) for name in "abcd"), *failed))
    assert [node.count for node in folded(lonely).nodes] == [4, 1]


def test_lines_for_the_same_reason_become_one_with_all_labels() -> None:
    spec: dict[str, Any] = {"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "db"}}]}],
            "volumes": [{"name": "v", "secret": {"secretName": "db"}}]}  # fmt: skip

    [edge] = folded(build_graph([workload(**spec), resource("Secret", "db")])).edges

    assert edge.label == "env, volume"


def test_what_many_share_is_said_instead_of_drawn() -> None:
    graph = without_hubs(graph_of(*(f"w{number}>shared" for number in range(SMALL)), "w0>own"))

    asides = {node.id: node.aside for node in graph.nodes}
    assert [f"{edge.source}>{edge.target}" for edge in graph.edges] == ["w0>own"]
    assert (asides["shared"], asides["w3"], asides["own"]) == (f"used by {SMALL}", "uses shared", "")


def test_what_hangs_on_one_node_alone_becomes_words_on_it() -> None:
    made = graph_of("ingress>service", "service>web", "web>config", "web>secret", "web>gone", "pair>other")
    nodes = [replace(node, tone=Tone.MISSING) if node.id == "gone" else node for node in made.nodes]

    graph = gathered(replace(made, nodes=tuple(nodes)))

    asides = {node.id: node.aside for node in graph.nodes}
    assert asides == {
        "service": "with its Thing", "web": "with its 2 Thing", "gone": "", "pair": "", "other": "",
    }  # fmt: skip
    assert [f"{edge.source}>{edge.target}" for edge in graph.edges] == ["service>web", "web>gone", "pair>other"]


def test_only_what_would_be_refused_otherwise_is_gathered() -> None:
    many = graph_of(*(f"w{number}>{kind}{number}" for number in range(MAX_DRAWN // 2) for kind in "abc"))
    few = graph_of("w>a", "w>b", "w>c")

    assert (len(drawable(many).nodes), len(drawable(few).nodes)) == (MAX_DRAWN // 2, 4)


def test_small_graphs_keep_all_their_lines() -> None:
    graph = graph_of(*(f"w{number}>shared" for number in range(10)))

    assert without_hubs(graph) == graph


def test_owners_are_always_drawn() -> None:
    nodes = tuple(Node(id=f"n{number}", title="Pod", label="p", detail=str(number)) for number in range(SMALL + 1))
    edges = tuple(Edge("n0", node.id, Relation.OWNER) for node in nodes[1:])

    assert without_hubs(Graph(nodes=nodes, edges=edges)).edges == edges


def test_more_than_can_be_looked_at_is_refused_with_advice() -> None:
    nodes = tuple(Node(id=str(number), title="Thing", label="x", detail=str(number)) for number in range(MAX_DRAWN + 1))

    with pytest.raises(UsageError, match=f"{MAX_DRAWN + 1} nodes are too many") as raised:
        drawable(Graph(nodes=nodes))

    assert raised.value.hint is not None
    assert "--only-changed" in raised.value.hint


def test_a_part_is_what_was_asked_for_and_its_neighbours() -> None:
    graph = build_graph([
        resource("Service", spec={"selector": {"app": "web"}}),
        workload(serviceAccountName="robot"),
        resource("ServiceAccount", "robot"),
        resource("ConfigMap", namespace="other"),
    ])  # fmt: skip

    def kinds(part: Part) -> list[str]:
        return [node.title for node in narrowed(graph, part).nodes]

    assert kinds(Part()) == ["Service", "Deployment", "ServiceAccount", "ConfigMap"]
    assert kinds(Part(kinds=("service",))) == ["Service", "Deployment"]
    assert kinds(Part(namespace="other")) == ["ConfigMap"]
    assert kinds(Part(namespace="other", kinds=("Service",))) == []
    assert len(narrowed(graph, Part(kinds=("Service",))).edges) == 1


def test_a_part_of_changes_is_what_changes_and_its_neighbours() -> None:
    made = graph_of("a>b", "b>c")
    nodes = (Node(id="a", title="Thing", label="a", tone=Tone.CREATED), *made.nodes[1:])

    part = narrowed(Graph(nodes=nodes, edges=made.edges), Part(tones=CHANGING))

    assert [node.id for node in part.nodes] == ["a", "b"]
