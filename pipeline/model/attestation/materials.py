"""What an artifact was made of: the images that it runs, charts, remote bases, and files that pin others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from pipeline.model.attestation.image_names import oci_purl, parse_image_name
from pipeline.model.manifests import Resource

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers", "sidecars", "steps")
"""Lists of a pod's specification (``sidecars`` and ``steps``: a Tekton task's), wherever in an object it stands."""
_NO_WORKLOADS = frozenset(
    {
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("", "ConfigMap"),
        ("", "Secret"),
    }
)
_SCALARS = (str, int, float, bool, type(None))
_IMAGE_FIELDS = frozenset({("monitoring.coreos.com", "image"), ("postgresql.cnpg.io", "imageName")})
"""Operators' kinds that name a workload's image in a field of ``spec``."""


class MaterialKind(StrEnum):
    """What a material is."""

    IMAGE = "image"
    CHART = "chart"
    BASE = "base"
    """Something that kustomize fetched."""
    FILE = "file"
    """A file of the sources that pins others, such as ``Chart.lock``."""


@dataclass(frozen=True, slots=True, order=True)
class Material:
    """One thing that went in.

    Attributes:
        name: an image's whole repository, a chart's name, a base's address without its ref, a file's path.
        version: tag, chart version, or git ref, as it was asked for; empty where none was.
        digest: ``ALGORITHM:HEX`` where the content is pinned; the algorithm is ``sha256``, or ``gitCommit`` as
            in-toto's digest sets name a commit; else empty.
        source: the repository that a chart is from, where known.
    """

    kind: MaterialKind
    name: str
    version: str = ""
    digest: str = ""
    source: str = ""

    @property
    def purl(self) -> str:
        """The package URL, where there is a type for it; else empty."""
        if self.kind is MaterialKind.IMAGE and "/" in self.name:
            name = self.name.rpartition("/")[2]
            return oci_purl(name, self.digest, repository=self.name, tag=self.version)
        if self.kind is MaterialKind.CHART:
            version = f"@{quote(self.version, safe='')}" if self.version else ""
            source = f"?repository_url={quote(self.source, safe='/:')}" if "://" in self.source else ""
            return f"pkg:helm/{quote(self.name, safe='')}{version}{source}"
        return ""

    @property
    def digests(self) -> Mapping[str, str]:
        """By algorithm, as in-toto writes it."""
        algorithm, _, value = self.digest.partition(":")
        return {algorithm: value} if value else {}

    def document(self) -> dict[str, Any]:
        """The material as JSON."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "version": self.version or None,
            "digest": self.digest or None,
            "source": self.source or None,
        }


def image_material(text: str) -> Material:
    """An image by its name in a manifest; what is no name is kept as it stands, for it is there."""
    name = parse_image_name(text)
    if name is None:
        return Material(MaterialKind.IMAGE, text)
    return Material(MaterialKind.IMAGE, name.repository, name.tag, name.digest)


def images_in(resources: Iterable[Resource]) -> tuple[Material, ...]:
    """Every image of the pods that the objects lead to, each once, sorted."""
    names = {name for resource in resources for name in image_names_in(resource)}
    return tuple(sorted({image_material(name) for name in names}))


def image_names_in(resource: Resource) -> Iterator[str]:
    """Images of an object, as they are written in it; custom resources that hold a pod's specification count too."""
    return (name for _, name in image_fields(resource))


def image_fields(resource: Resource) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The same, each with the path of keys and indexes that leads to it."""
    group, kind = resource.id.group, resource.id.kind
    if (group, kind) in _NO_WORKLOADS:
        return
    spec = resource.body.get("spec")
    if isinstance(spec, Mapping):
        for of_group, name in _IMAGE_FIELDS:
            if of_group == group:
                yield from _text(spec.get(name), ("spec", name))
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), resource.body)]
    while waiting:
        path, value = waiting.pop()
        if not isinstance(value, list):
            for key in _CONTAINERS:
                if key in value:
                    yield from _of_containers(value[key], (*path, key))
            if "volumes" in value:
                yield from _of_volumes(value["volumes"], (*path, "volumes"))
            parts: Iterable[tuple[Any, Any]] = value.items()
        else:
            parts = enumerate(value)
        waiting.extend(((*path, key), part) for key, part in parts if not isinstance(part, _SCALARS))


def merged(*materials: Iterable[Material]) -> tuple[Material, ...]:
    """All of them, each once, sorted."""
    return tuple(sorted({material for some in materials for material in some}))


def _of_containers(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, container in enumerate(value if isinstance(value, list) else ()):
        if isinstance(container, Mapping):
            yield from _text(container.get("image"), (*path, index, "image"))


def _of_volumes(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Images that are mounted (``volumes[].image.reference``)."""
    for index, volume in enumerate(value if isinstance(value, list) else ()):
        image = volume.get("image") if isinstance(volume, Mapping) else None
        if isinstance(image, Mapping):
            yield from _text(image.get("reference"), (*path, index, "image", "reference"))


def _text(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str) and value:
        yield path, value
