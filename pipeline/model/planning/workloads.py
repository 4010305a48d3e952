"""Which objects run Pods, by what template, and which Services stand before them.

Nothing here trusts a manifest to be well-formed: what has another shape than Kubernetes' API reference says counts as
not there, for it is compared before any API server has seen it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.model.documents.untyped import mapping_at, texts_of
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.pod_templates import LASTING, template_place

WORKLOADS: Final = LASTING | {("", "Pod")}
"""The kinds whose Pods stay."""

Labels = Mapping[str, str]


def kind_of(object_id: ObjectId) -> tuple[str, str]:
    """Group and kind."""
    return object_id.group, object_id.kind


def pod_labels(object_id: ObjectId, body: Body) -> Labels | None:
    """The labels of a workload's Pods; ``None`` for what is no workload."""
    if kind_of(object_id) not in WORKLOADS:
        return None
    return texts_of(mapping_at(body, *template_place(object_id), "metadata", "labels"))


def is_scaled_to_zero(body: Body) -> bool:
    """Whether it asks for no Pods at all."""
    replicas = mapping_at(body, "spec").get("replicas")
    return replicas == 0 and not isinstance(replicas, bool)


def service_selector(object_id: ObjectId, body: Body) -> Labels | None:
    """What a Service selects Pods by; ``None`` for what is no Service, or one that selects none by itself."""
    spec = mapping_at(body, "spec")
    if kind_of(object_id) != ("", "Service") or spec.get("type") == "ExternalName":
        return None
    return texts_of(mapping_at(spec, "selector")) or None


@dataclass(slots=True)
class PodIndex:
    """Workloads by namespace and by each label of their Pods, so that a selector meets few of them."""

    _by_label: dict[tuple[str, str, str], list[tuple[ObjectId, Labels]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    @classmethod
    def of(cls, bodies: Mapping[ObjectId, Body], namespaces: Iterable[str]) -> PodIndex:
        """All workloads in these namespaces that ask for Pods."""
        index = cls()
        wanted = frozenset(namespaces)
        for object_id, body in bodies.items():
            if object_id.namespace not in wanted or is_scaled_to_zero(body):
                continue
            labels = pod_labels(object_id, body) or {}
            for key, value in labels.items():
                index._by_label[object_id.namespace, key, value].append((object_id, labels))
        return index

    def selected(self, namespace: str, selector: Labels | None) -> Iterator[ObjectId]:
        """The workloads whose Pods a selector that is not empty matches."""
        if not selector:
            return
        candidates = [self._by_label.get((namespace, key, value), []) for key, value in selector.items()]
        # The label that the fewest share: others, such as a team's, may be on everything there is.
        for object_id, labels in min(candidates, key=len):
            if selector.items() <= labels.items():
                yield object_id
