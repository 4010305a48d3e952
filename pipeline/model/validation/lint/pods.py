"""The Pods that objects lead to: templates of workloads wherever they stand, and their containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.model.documents.untyped import items_at, mapping_at, text_at, texts_of
from pipeline.model.manifests import Body, Resource
from pipeline.model.pod_templates import LASTING, template_place


class Role(StrEnum):
    """What a container is in its Pod."""

    MAIN = "containers"
    INIT = "initContainers"
    EPHEMERAL = "ephemeralContainers"


@dataclass(frozen=True, slots=True)
class Container:
    """One container; ``path`` leads to it from the object."""

    body: Mapping[str, Any]
    path: str
    role: Role

    @property
    def name(self) -> str:
        """Its name, empty where it has none."""
        return text_at(self.body, "name")

    @property
    def stays(self) -> bool:
        """Whether it runs as long as its Pod: a main container, or a sidecar among the init containers."""
        return self.role is Role.MAIN or (self.role is Role.INIT and self.body.get("restartPolicy") == "Always")


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """What an object's Pods are made from.

    ``labels`` are those that its Pods have, but for what controllers add; ``path`` leads to the Pod's specification;
    ``containers`` are all of them, main containers first.
    """

    resource: Resource
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    path: str
    containers: tuple[Container, ...]

    @property
    def lasts(self) -> bool:
        """Whether its Pods are meant to run until somebody ends them, as a Job's are not."""
        key = (self.resource.id.group, self.resource.id.kind)
        return key in LASTING or (key == ("", "Pod") and self.spec.get("restartPolicy", "Always") == "Always")

    @property
    def is_for_windows(self) -> bool:
        """Whether the Pod says that its nodes run Windows, where users and privileges are other ones."""
        return text_at(self.spec, "os", "name") == "windows"


def pod_template_of(resource: Resource) -> PodTemplate | None:
    """The template of the object's Pods.

    Kubernetes' own workloads count, and whatever else has a Pod's specification in ``spec.template.spec``.
    """
    place = template_place(resource.id)
    template: Body = mapping_at(resource.body, *place)
    spec = mapping_at(template, "spec")
    if not isinstance(spec.get("containers"), list):
        return None
    labels = texts_of(mapping_at(template, "metadata", "labels"))
    path = ".".join((*place, "spec"))
    return PodTemplate(resource, labels, spec, path, tuple(_containers(spec, path)))


def _containers(spec: Mapping[str, Any], path: str) -> Iterator[Container]:
    for role in Role:
        for index, body in items_at(spec, role.value):
            yield Container(body, f"{path}.{role.value}[{index}]", role)
