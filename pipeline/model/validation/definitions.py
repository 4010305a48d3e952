"""What a CustomResourceDefinition says of its kind, all versions together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.manifests import Body
from pipeline.model.validation.custom_kinds import CustomKinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A kind that a CustomResourceDefinition makes known; ``schemas`` are OpenAPI schemas by version."""

    name: str
    group: str
    kind: str
    plural: str
    is_namespaced: bool
    schemas: Mapping[str, Mapping[str, Any]] = field(hash=False)


def read_definitions(bodies: Iterable[Body]) -> dict[tuple[str, str], Definition]:
    """All definitions among the objects by group and kind, earlier ones before later ones.

    What is no definition, or says too little to be one, is passed over: the schema gate tells of it.
    """
    found = {}
    for versions in CustomKinds(bodies):
        first = versions[0]
        if first.plural:
            found[first.group, first.kind] = Definition(
                name=f"{first.plural}.{first.group}",
                group=first.group,
                kind=first.kind,
                plural=first.plural,
                is_namespaced=first.is_namespaced,
                schemas={each.version: each.schema or {} for each in versions},
            )
    return found
