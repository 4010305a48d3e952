"""The graph as a tree in a terminal, and as JSON."""

from __future__ import annotations

import json

from pipeline.model.graph.building import Mark, build_graph
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.graph import GraphResult
from pipeline.reports import render_result
from tests.unit.graph.objects import resource, workload


def result(graph: Graph, *notes: str) -> GraphResult:
    return GraphResult(graph=graph, side=Side(name="deploy/"), notes=notes)


def shop() -> Graph:
    made = [
        resource("Service", spec={"selector": {"app": "web"}}),
        workload(serviceAccountName="robot"),
        resource("ConfigMap", "settings", namespace="other"),
    ]
    return build_graph(made, title="deploy/", marks={made[1].id: Mark(Tone.CHANGED, "2 fields")}, elsewhere="not there")


def test_the_tree_begins_with_what_nothing_needs_and_shows_each_node_once() -> None:
    assert (
        render_result(result(shop(), "2 tags were not looked at"), "text")
        == """\
deploy/

other:
  ConfigMap settings

shop:
  Service web
    selects Deployment web  (changed: 2 fields)
      runs as ServiceAccount robot  (missing: not there)

4 nodes, 2 links, 1 changed, 1 missing
note: 2 tags were not looked at
"""
    )


def test_what_goes_round_in_a_circle_is_shown_and_ends() -> None:
    nodes = tuple(Node(id=name, title="Thing", label=name) for name in "ab")
    edges = (Edge("a", "b", Relation.DEPENDS_ON, "after"), Edge("b", "a", Relation.DEPENDS_ON, "after"))

    assert "  Thing a\n    after Thing b\n      after Thing a\n" in render_result(
        result(Graph(nodes=nodes, edges=edges)), "text"
    )


def test_no_control_character_reaches_the_terminal() -> None:
    node = Node(
        id="x", title="Kind\x1b[2J", label="a\nb\x07", group="\x1b]0;x\x07g", detail="\u202ed", tone=Tone.FAILED
    )

    text = render_result(result(Graph(title="\x1b[31mt", nodes=(node,))), "text")

    assert {character for character in text if not character.isprintable()} == {"\n"}


def test_the_document_has_every_node_and_edge_and_where_it_is_from() -> None:
    document = json.loads(render_result(result(shop()), "json"))

    assert (document["kind"], document["about"], document["of"]["name"], document["to"]) == (
        "GraphResult", "objects", "deploy/", None,
    )  # fmt: skip
    assert document["counts"] == {"plain": 2, "changed": 1, "missing": 1}
    assert document["nodes"][1] == {
        "id": "Deployment.apps shop/web", "kind": "Deployment", "name": "web", "tone": "changed", "group": "shop",
        "detail": "2 fields", "apiGroup": "apps", "namespace": "shop",
    }  # fmt: skip
    assert document["edges"][0] == {
        "from": "Service shop/web", "to": "Deployment.apps shop/web", "relation": "selector", "label": "selects",
    }  # fmt: skip


def test_nothing_is_folded_in_the_document() -> None:
    made = build_graph([resource("ConfigMap", f"m{number}") for number in range(9)])

    assert len(json.loads(render_result(result(made), "json"))["nodes"]) == 9
    assert "9 of them" in render_result(result(made), "text")
