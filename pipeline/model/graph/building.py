"""From objects to a graph: who owns, selects and names whom, and what is named but not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline.model.documents.untyped import texts_of
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.graph.paths import first_mapping, steps
from pipeline.model.graph.reference_rules import CLUSTER_WIDE, comes_with_kubernetes
from pipeline.model.graph.references import Selection, makes, owners, pod_labels, references, selections
from pipeline.model.label_selector import Operator
from pipeline.model.manifests import ObjectId, Resource

CLUSTER_GROUP: Final = "cluster-wide"
"""What objects without a namespace are drawn together under."""

_DEFINITION: Final = "CustomResourceDefinition"
_LABELS: Final = steps("metadata.labels")


@dataclass(frozen=True, slots=True)
class Mark:
    """How one object is coloured, and why."""

    tone: Tone
    detail: str = ""


def build_graph(
    resources: Iterable[Resource],
    *,
    title: str = "",
    marks: Mapping[ObjectId, Mark] | None = None,
    elsewhere: str = "not in the artifact",
) -> Graph:
    """All objects in the order given, the missing ones they name after them, and every edge between them, sorted.

    Args:
        resources: the objects; their bodies may be anything.
        title: the picture's heading.
        marks: tones of objects, and of what they name; the others are plain, or missing.
        elsewhere: what is said of something that is named and is not among the objects.
    """
    index = _Index.of(resources)
    links = sorted(set(_links(index)))
    known = marks or {}
    missing = {target: elsewhere for _, target, _, _ in links if target not in index.by_id}
    nodes = [node_of(object_id, known.get(object_id, Mark(Tone.PLAIN))) for object_id in index.by_id]
    nodes += [node_of(target, known.get(target, Mark(Tone.MISSING, why))) for target, why in sorted(missing.items())]
    edges = tuple(Edge(str(source), str(target), relation, label) for source, target, relation, label in links)
    return Graph(title=title, nodes=_settled(nodes, edges), edges=edges)


_Link = tuple[ObjectId, ObjectId, Relation, str]


@dataclass(frozen=True, slots=True)
class _Index:
    """The objects by what others find them by."""

    by_id: Mapping[ObjectId, Resource]
    made: Mapping[ObjectId, ObjectId]
    """Secrets that controllers make, and from what."""
    labelled: Mapping[tuple[str, str, str, str], list[ObjectId]] = field(hash=False)
    """By kind (empty: what makes pods), namespace, label and value."""
    labels: Mapping[tuple[str, ObjectId], Mapping[str, str]] = field(hash=False)
    definitions: Mapping[tuple[str, str], ObjectId] = field(hash=False)

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> _Index:
        by_id = {resource.id: resource for resource in resources}
        labels: dict[tuple[str, ObjectId], Mapping[str, str]] = {}
        for object_id, resource in by_id.items():
            own = pod_labels(resource)
            # What a controller of ours made is selected through that controller.
            if own and not any(owner in by_id for owner in owners(resource)):
                labels["", object_id] = own
            if object_id.kind in {"Service", "ClusterRole"}:
                labels[object_id.kind, object_id] = texts_of(first_mapping(resource.body, _LABELS))
        labelled = defaultdict(list)
        for (kind, object_id), texts in labels.items():
            for item in texts.items():
                labelled[(kind, object_id.namespace, *item)].append(object_id)
        made = {target: resource.id for resource in by_id.values() if (target := makes(resource)) is not None}
        return cls(by_id, made, labelled, labels, dict(_definitions(by_id.values())))

    def find(self, target: ObjectId, namespace: str) -> ObjectId:
        """The object itself, what makes it, or the same in no namespace where its user is in none either."""
        if target in self.by_id:
            return target
        bare = replace(target, namespace="")
        if bare in self.by_id and (not namespace or target.kind not in CLUSTER_WIDE):
            return bare
        return self.made.get(target, target)

    def selected(self, selection: Selection) -> Iterator[ObjectId]:
        """Everything with matching labels."""
        for object_id in self._candidates(selection):
            if selection.selector.matches(self.labels[selection.kind, object_id]):
                yield object_id

    def _candidates(self, selection: Selection) -> Iterable[ObjectId]:
        lists = [
            [found for value in sorted(each.values) for found in self._having(selection, each.key, value)]
            for each in selection.selector.requirements
            if each.operator is Operator.IN
        ]
        if lists:
            return min(lists, key=len)
        place = selection.namespace
        return [found for kind, found in self.labels if kind == selection.kind and found.namespace == place]

    def _having(self, selection: Selection, key: str, value: str) -> list[ObjectId]:
        return self.labelled.get((selection.kind, selection.namespace, key, value), [])


def _definitions(resources: Iterable[Resource]) -> Iterator[tuple[tuple[str, str], ObjectId]]:
    for resource in resources:
        if resource.id.kind == _DEFINITION:
            spec = first_mapping(resource.body, ("spec",))
            group, kind = spec.get("group"), first_mapping(spec, ("names",)).get("kind")
            if isinstance(group, str) and isinstance(kind, str):
                yield (group, kind), resource.id


def _links(index: _Index) -> Iterator[_Link]:
    named = {object_id: list(references(resource)) for object_id, resource in index.by_id.items()}
    for object_id, resource in index.by_id.items():
        owned_by = [index.find(owner, object_id.namespace) for owner in owners(resource)]
        # A pod needs what its template says, and that is drawn once.
        told = {(item.target, item.label) for owner in owned_by for item in named.get(owner, ())}
        for reference in named[object_id]:
            if (reference.target, reference.label) in told:
                continue
            target = index.find(reference.target, object_id.namespace)
            absent = target not in index.by_id
            if absent and (reference.is_optional or comes_with_kubernetes(target.kind, target.namespace, target.name)):
                continue
            if target != object_id:
                yield object_id, target, reference.relation, reference.label
        yield from ((owner, object_id, Relation.OWNER, "owns") for owner in owned_by)
        for selection in selections(resource):
            for target in index.selected(selection):
                if target != object_id:
                    yield object_id, target, Relation.SELECTOR, selection.label
        definition = index.definitions.get((object_id.group, object_id.kind))
        if definition is not None:
            yield object_id, definition, Relation.REFERENCE, "defined by"


def node_of(object_id: ObjectId, mark: Mark) -> Node:
    """The node of one object, in the group of its namespace."""
    if object_id.kind == "Namespace" and not object_id.group:
        group = object_id.name
    elif object_id.kind in CLUSTER_WIDE:
        group = CLUSTER_GROUP
    else:
        group = object_id.namespace
    return Node(
        id=str(object_id),
        title=object_id.kind,
        label=object_id.name,
        group=group,
        tone=mark.tone,
        detail=mark.detail,
        object_id=object_id,
    )


def _settled(nodes: Iterable[Node], edges: Iterable[Edge]) -> tuple[Node, ...]:
    """What is in no namespace is drawn with the only namespace that has to do with it."""
    nodes = list(nodes)
    groups = {node.id: node.group for node in nodes}
    around = defaultdict(set)
    for edge in edges:
        around[edge.source].add(groups[edge.target])
        around[edge.target].add(groups[edge.source])
    settled = []
    for node in nodes:
        near = around[node.id] - {CLUSTER_GROUP}
        alone = node.group == CLUSTER_GROUP and len(near) == 1
        settled.append(replace(node, group=near.pop(), detail=node.detail or "cluster-wide") if alone else node)
    return tuple(settled)
