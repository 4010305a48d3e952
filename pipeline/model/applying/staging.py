"""What an artifact brings along for itself (kinds, namespaces), its batches, and what is waited for between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol, TypeVar

from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.model.ordering import apply_rank, apply_stage

_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


class Identified(Protocol):
    """Anything about one object."""

    @property
    def object_id(self) -> ObjectId:
        """Which object."""
        ...


Item = TypeVar("Item", bound=Identified)


@dataclass(frozen=True, slots=True)
class Brought:
    """Kinds and namespaces that exist at the latest once the artifact's first stage is applied."""

    kinds: Mapping[tuple[str, str], ResourceType] = field(default_factory=dict)
    """By apiVersion and kind."""
    namespaces: frozenset[str] = frozenset()

    @classmethod
    def by(cls, resources: Iterable[Resource]) -> Brought:
        """Read definitions and namespaces; a definition that lacks fields brings nothing and fails when applied."""
        kinds: dict[tuple[str, str], ResourceType] = {}
        namespaces = set()
        for resource in resources:
            if (resource.id.group, resource.id.kind) == ("", "Namespace"):
                namespaces.add(resource.id.name)
            elif (resource.id.group, resource.id.kind) == _DEFINITION:
                kinds.update({(kind.api_version, kind.kind): kind for kind in _defined(resource.body)})
        return cls(kinds, frozenset(namespaces))


def _defined(body: Body) -> Iterable[ResourceType]:
    spec = body.get("spec")
    names = spec.get("names") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(names, Mapping):
        return ()
    group, kind, plural = spec.get("group"), names.get("kind"), names.get("plural")
    if not isinstance(group, str) or not isinstance(kind, str) or not isinstance(plural, str):
        return ()
    namespaced = spec.get("scope") != "Cluster"
    versions = [item for item in spec.get("versions") or () if isinstance(item, Mapping) and item.get("served", True)]
    return [ResourceType(f"{group}/{item.get('name')}", kind, plural, namespaced) for item in versions]


def batches(items: Iterable[Item]) -> list[tuple[int, tuple[Item, ...]]]:
    """Group by apply stage and rank, in order: ``(stage, items)``; the items of one batch may go in parallel."""

    def place(item: Item) -> tuple[int, int]:
        return apply_stage(item.object_id), apply_rank(item.object_id)

    ordered = sorted(items, key=lambda item: (place(item), item.object_id))
    return [(stage, tuple(group)) for (stage, _), group in groupby(ordered, key=place)]


def what_is_awaited(live: Body | None) -> str:
    """What a definition or namespace still lacks before others can build on it; empty once it is ready."""
    if live is None:
        return "it is gone"
    status: Mapping[str, Any] = live.get("status") or {}
    if live.get("kind") == "Namespace":
        phase = status.get("phase")
        return "" if phase == "Active" else f"its phase is {phase or 'unknown'}"
    if live.get("kind") != "CustomResourceDefinition":
        return ""
    conditions = {item.get("type"): item for item in status.get("conditions") or ()}
    for name in ("NamesAccepted", "Established"):
        condition = conditions.get(name, {})
        if condition.get("status") != "True":
            message = condition.get("message")
            return f"its condition {name} is not True" + (f": {message}" if message else "")
    return ""
