"""What the API server tells about itself and its objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.model.manifests import group_of


@dataclass(frozen=True, slots=True)
class ResourceType:
    """How a kind is served: its REST path's parts."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def group(self) -> str:
        """API group, empty for the core group."""
        return group_of(self.api_version)


@dataclass(frozen=True, slots=True)
class Event:
    """One Kubernetes event about an object."""

    type: str
    reason: str
    message: str
    count: int
    last_seen: str


class ChangeType(StrEnum):
    """What a watch says happened to an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    """Nothing: only the version to resume from has moved."""


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One line of a watch; the object is whole, or metadata alone where that was asked for."""

    type: ChangeType
    body: Mapping[str, Any] = field(hash=False)

    @property
    def resource_version(self) -> str:
        """Where to resume after this event."""
        return str(self.body["metadata"].get("resourceVersion", ""))


@dataclass(frozen=True, slots=True)
class Listing:
    """All objects of a list, and the version from which a watch goes on."""

    items: tuple[Mapping[str, Any], ...] = field(hash=False)
    resource_version: str
