"""What a CustomResourceDefinition says of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.manifests import Body

GROUP = "apiextensions.k8s.io"
KIND = "CustomResourceDefinition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A kind that a CustomResourceDefinition makes known; ``schemas`` are OpenAPI schemas by version."""

    name: str
    group: str
    kind: str
    plural: str
    is_namespaced: bool
    schemas: Mapping[str, Mapping[str, Any]] = field(hash=False)


def is_definition(body: Body) -> bool:
    """Whether the object is a CustomResourceDefinition of any version."""
    return body.get("kind") == KIND and str(body.get("apiVersion", "")).startswith(f"{GROUP}/")


def read_definitions(bodies: Iterable[Body]) -> dict[tuple[str, str], Definition]:
    """All definitions among the objects by group and kind, later ones before earlier ones.

    What is no definition, or says too little to be one, is passed over: the schema gate tells of it.
    """
    read = (_definition(body) for body in bodies if is_definition(body))
    return {(each.group, each.kind): each for each in read if each is not None}


def _definition(body: Body) -> Definition | None:
    spec = _mapping(body.get("spec"))
    names = _mapping(spec.get("names"))
    group, kind, plural = spec.get("group"), names.get("kind"), names.get("plural")
    if not isinstance(group, str) or not isinstance(kind, str) or not isinstance(plural, str):
        return None
    common = _mapping(_mapping(spec.get("validation")).get("openAPIV3Schema"))
    schemas: dict[str, Mapping[str, Any]] = {}
    versions = spec.get("versions")
    for version in versions if isinstance(versions, list) else ():
        if isinstance(version, Mapping) and isinstance(version.get("name"), str):
            own = _mapping(_mapping(version.get("schema")).get("openAPIV3Schema"))
            schemas[version["name"]] = own or common
    return Definition(
        name=f"{plural}.{group}",
        group=group,
        kind=kind,
        plural=plural,
        is_namespaced=spec.get("scope") != "Cluster",
        schemas=schemas,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
