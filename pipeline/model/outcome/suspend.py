"""What ``gitless suspend`` and ``gitless resume`` changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.cluster import ResourceType
from pipeline.model.flux.views import Key
from pipeline.model.outcome import header
from pipeline.model.outcome.reconcile import ReconciledObject


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedObject:
    """One object; ``is_changed`` tells whether it was not so before."""

    resource_type: ResourceType
    key: Key
    is_changed: bool

    def document(self) -> dict[str, Any]:
        """As a part of a JSON document."""
        return {
            "apiVersion": self.resource_type.api_version,
            "kind": self.resource_type.kind,
            "namespace": self.key.namespace,
            "name": self.key.name,
            "changed": self.is_changed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendResult:
    """Objects that nothing reconciles any more."""

    kind: ClassVar[str] = "SuspendResult"

    objects: tuple[SwitchedObject, ...]

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {**header(self.kind), "objects": [item.document() for item in self.objects]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeResult:
    """Objects that are reconciled again, and, where that was waited for, how each of them fared."""

    kind: ClassVar[str] = "ResumeResult"

    objects: tuple[SwitchedObject, ...]
    reconciled: tuple[ReconciledObject, ...] = ()

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "objects": [item.document() for item in self.objects],
            "reconciled": [item.document() for item in self.reconciled],
        }
