"""CustomResourceDefinitions: which kinds they define, and the schemas of those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.documents.untyped import mapping_at
from pipeline.model.flux.definitions import DEFINITIONS as FLUX_DEFINITIONS
from pipeline.model.manifests import Body, Manifests, ObjectId, Resource

CRD: Final = "CustomResourceDefinition"
CRD_GROUP: Final = "apiextensions.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomKind:
    """One version of a kind that a definition defines.

    Attributes:
        plural: its name in paths; empty where the definition has none.
        schema: its ``openAPIV3Schema``; ``None`` where it has none, so that anything goes.
        keeps_unknown: ``spec.preserveUnknownFields``: nothing is pruned.
        is_served: whether the API server offers this version.
        deprecation: why and by what to replace it, as the definition says; empty: it is not deprecated.
        served: every version of the kind that is served, in the definition's order.
        has_status: whether ``status`` is written by its own subresource alone.
    """

    group: str
    version: str
    kind: str
    is_namespaced: bool
    schema: Mapping[str, Any] | None
    keeps_unknown: bool = False
    is_served: bool = True
    deprecation: str = ""
    served: tuple[str, ...] = ()
    has_status: bool = False
    plural: str = ""

    @property
    def api_version(self) -> str:
        """Group and version."""
        return f"{self.group}/{self.version}"


class CustomKinds:
    """Every kind of some definitions; of two definitions of the same kind the first counts."""

    def __init__(self, definitions: Iterable[Body]) -> None:
        self._kinds: dict[tuple[str, str], dict[str, CustomKind]] = {}
        for body in definitions:
            if not is_definition(body):
                continue
            found = {kind.version: kind for kind in _kinds(body)}
            for kind in found.values():
                self._kinds.setdefault((kind.group, kind.kind), found)

    @classmethod
    def of(cls, manifests: Manifests, others: Iterable[Body]) -> CustomKinds:
        """Those of the manifests themselves, then the others, then Flux's two kinds."""
        return cls((*definitions_in(manifests), *others, *FLUX_DEFINITIONS))

    def __iter__(self) -> Iterator[tuple[CustomKind, ...]]:
        """Each kind, all its versions."""
        return (tuple(versions.values()) for versions in self._kinds.values())

    def find(self, api_version: str, kind: str) -> CustomKind | None:
        """The kind in exactly that version."""
        group, _, version = api_version.rpartition("/")
        return self._kinds.get((group, kind), {}).get(version)

    def of_object(self, resource: Resource) -> CustomKind | None:
        """The kind of an object, in the object's version."""
        return self.find(resource.api_version, resource.id.kind)

    def versions(self, object_id: ObjectId) -> tuple[CustomKind, ...]:
        """Every version of an object's kind."""
        return tuple(self._kinds.get((object_id.group, object_id.kind), {}).values())


def is_definition(body: Body) -> bool:
    """Whether the object is a CustomResourceDefinition of any version."""
    return body.get("kind") == CRD and str(body.get("apiVersion", "")).startswith(f"{CRD_GROUP}/")


def definitions_in(resources: Iterable[Resource]) -> tuple[Body, ...]:
    """The bodies of the CustomResourceDefinitions among the objects."""
    return tuple(item.body for item in resources if item.id.kind == CRD and item.id.group == CRD_GROUP)


def _kinds(body: Body) -> Iterator[CustomKind]:
    """What a definition defines, as far as it can be read: what is wrong with it is another finding."""
    spec = body.get("spec")
    if not isinstance(spec, Mapping):
        return
    group, names, versions = spec.get("group"), spec.get("names"), spec.get("versions")
    kind, plural = mapping_at(names).get("kind"), mapping_at(names).get("plural")
    if not (isinstance(group, str) and isinstance(kind, str) and isinstance(versions, list)):
        return
    known = [item for item in versions if isinstance(item, Mapping) and isinstance(item.get("name"), str)]
    served = tuple(item["name"] for item in known if item.get("served"))
    for item in known:
        yield CustomKind(
            group=group,
            version=item["name"],
            kind=kind,
            is_namespaced=spec.get("scope") != "Cluster",
            schema=_schema(item),
            keeps_unknown=bool(spec.get("preserveUnknownFields")),
            is_served=bool(item.get("served")),
            deprecation=_deprecation(item),
            served=served,
            plural=plural if isinstance(plural, str) else "",
            has_status="status" in mapping_at(item.get("subresources")),
        )


def _schema(version: Mapping[str, Any]) -> Mapping[str, Any] | None:
    schema = mapping_at(version.get("schema")).get("openAPIV3Schema")
    return schema if isinstance(schema, Mapping) else None


def _deprecation(version: Mapping[str, Any]) -> str:
    if not version.get("deprecated"):
        return ""
    return str(version.get("deprecationWarning") or "its definition says so")
