"""What the API server tells about itself and its objects."""

from __future__ import annotations

from dataclasses import dataclass


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
        return self.api_version.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Event:
    """One Kubernetes event about an object."""

    type: str
    reason: str
    message: str
    count: int
    last_seen: str
