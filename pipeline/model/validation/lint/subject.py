"""What the rules look at: all manifests at once, with what they are asked for most often ready at hand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.model.validation.lint.operators import Operated, operated_in
from pipeline.model.validation.lint.pods import Container, PodTemplate, pod_template_of


@dataclass(frozen=True, slots=True)
class Subject:
    """The manifests, those that came before where they are known, and what follows from them.

    Attributes:
        manifests: what is judged.
        previous: what was there before.
        objects: the manifests by identity.
        pods: every template of Pods in them.
        pods_by_label: the same by namespace, label and value.
        namespaces: where the manifests put something; an empty one is the default of whoever applies them.
        operated: what operators make of the custom resources among them.
    """

    manifests: Manifests
    previous: Manifests | None
    objects: Mapping[ObjectId, Resource]
    pods: tuple[PodTemplate, ...]
    pods_by_label: Mapping[tuple[str, str, str], tuple[PodTemplate, ...]]
    namespaces: frozenset[str]
    operated: Operated

    @property
    def containers(self) -> Iterator[tuple[PodTemplate, Container]]:
        """Every container of every template."""
        return ((pod, container) for pod in self.pods for container in pod.containers)

    def beside(self, namespace: str) -> Collection[str]:
        """The namespaces that may turn out to be that one: an empty one may be any, and any may be an empty one."""
        return (namespace, "") if namespace else self.namespaces

    def of_kind(self, group: str, *kinds: str) -> Iterator[Resource]:
        """The objects of these kinds in one group."""
        return (item for item in self.manifests if item.id.group == group and item.id.kind in kinds)


def subject_of(manifests: Manifests, previous: Manifests | None = None) -> Subject:
    """Look through the manifests once, for all rules."""
    pods = tuple(pod for resource in manifests if (pod := pod_template_of(resource)) is not None)
    by_label: dict[tuple[str, str, str], list[PodTemplate]] = {}
    for pod in pods:
        for key, value in pod.labels.items():
            by_label.setdefault((pod.resource.id.namespace, key, value), []).append(pod)
    return Subject(
        manifests,
        previous,
        {resource.id: resource for resource in manifests},
        pods,
        {key: tuple(found) for key, found in by_label.items()},
        frozenset(resource.id.namespace for resource in manifests),
        operated_in(manifests),
    )
