"""What a plan does to the objects of two sides, as a graph of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pipeline.model.graph.building import Mark, build_graph, node_of
from pipeline.model.graph.graph import Graph, Tone
from pipeline.model.manifests import Manifests
from pipeline.model.plan import Action, Change, Plan

_TONES: Final[Mapping[Action, Tone]] = {
    Action.CREATE: Tone.CREATED,
    Action.CONFIGURE: Tone.CHANGED,
    Action.RECREATE: Tone.RECREATED,
    Action.PRUNE: Tone.DELETED,
}


def changed_graph(plan: Plan, before: Manifests, after: Manifests, *, title: str = "") -> Graph:
    """The objects of ``after`` and those that go, each coloured by what the plan does to it.

    Where only one side is at hand (the other is live, say), give it as both; what only the plan knows is a node too.
    """
    planned = {change.object_id: mark for change in plan.changes if (mark := _mark(change)) is not None}
    there = {resource.id for resource in after}
    going = [resource for resource in before if resource.id not in there]
    # A plan against a cluster has namespaces that manifests leave to it.
    bare = {replace(object_id, namespace=""): object_id for object_id in planned}
    resources, marks, seen = [], {}, set()
    for resource in (*after, *going):
        known = resource.id if resource.id in planned else bare.get(resource.id, resource.id)
        if known in planned:
            marks[resource.id] = planned[known]
            seen.add(known)
        elif resource.id not in there:
            continue
        resources.append(resource)
    graph = build_graph(resources, title=title, marks=marks)
    unseen = [node_of(object_id, mark) for object_id, mark in planned.items() if object_id not in seen]
    return replace(graph, nodes=(*graph.nodes, *unseen))


def _mark(change: Change) -> Mark | None:
    tone = _TONES.get(change.action)
    return None if tone is None else Mark(tone, change.reason or _counted(change))


def _counted(change: Change) -> str:
    if change.action is not Action.CONFIGURE or not change.fields:
        return ""
    return "1 field" if len(change.fields) == 1 else f"{len(change.fields)} fields"
