"""Kubernetes objects as the pipeline carries them: identified, traceable to their source, in one canonical order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import ManifestError
from pipeline.model.ordering import apply_rank

Body = Mapping[str, Any]
"""One Kubernetes object as plain JSON data; nobody changes it in place."""


def group_of(api_version: str) -> str:
    """``apps`` of ``apps/v1``; empty for the core group, of which only the version is written."""
    return api_version.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object was written: a file and 1-based line, or a chart and its template."""

    file: str
    line: int | None = None
    chart: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return place if self.chart is None else f"chart {self.chart}, {place}"


@dataclass(frozen=True, slots=True, order=True)
class ObjectId:
    """Identity of an object whatever its API version; ``namespace`` is empty where none is given."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def inventory_id(self) -> str:
        """``<namespace>_<name>_<group>_<Kind>`` with ``:`` written as ``__``, as Flux's inventories have it."""
        return f"{self.namespace}_{self.name.replace(':', '__')}_{self.group}_{self.kind}"

    def __str__(self) -> str:
        """``Deployment.apps shop/web``: what kubectl's users recognise."""
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One object with its identity and its origin."""

    id: ObjectId
    api_version: str
    body: Body = field(hash=False)
    origin: Origin | None = field(default=None, compare=False)

    @classmethod
    def from_body(cls, body: Body, origin: Origin | None = None) -> Resource:
        """Read identity from a body that is known to have apiVersion, kind and metadata.name."""
        api_version: str = body["apiVersion"]
        metadata = body["metadata"]
        return cls(
            ObjectId(group_of(api_version), body["kind"], metadata.get("namespace") or "", metadata["name"]),
            api_version,
            body,
            origin,
        )

    def __str__(self) -> str:
        return str(self.id) if self.origin is None else f"{self.id} ({self.origin})"


@dataclass(frozen=True, slots=True)
class Manifests:
    """A set of objects in canonical order: apply stage first, then group, kind, namespace and name."""

    resources: tuple[Resource, ...] = ()

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Manifests:
        """Sort into canonical order.

        Raises:
            ManifestError: the same object is there twice; both places are named.
        """
        seen: dict[ObjectId, Resource] = {}
        for resource in resources:
            first = seen.setdefault(resource.id, resource)
            if first is not resource:
                raise ManifestError(
                    f"{resource.origin or 'input'}: {resource.id} is defined twice, first at {first.origin or 'input'}",
                    hint="remove one of the two, or give them different names or namespaces",
                    code="manifest.duplicate",
                )
        return cls(tuple(sorted(seen.values(), key=lambda resource: (apply_rank(resource.id), resource.id))))

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __len__(self) -> int:
        return len(self.resources)
