"""What ``gitless delete`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.flux.deletion import Consequences
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """One object, gone or (``is_gone`` is false: nobody waited) on its way."""

    kind: ClassVar[str] = "DeleteResult"

    cluster: str
    object_id: ObjectId
    is_gone: bool
    consequences: Consequences | None = None
    """Of a Kustomization."""

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        found = self.consequences
        pruned = found.objects if found is not None and found.prunes else ()
        return {
            **header(self.kind),
            "cluster": self.cluster,
            "group": self.object_id.group,
            "objectKind": self.object_id.kind,
            "namespace": self.object_id.namespace,
            "name": self.object_id.name,
            "gone": self.is_gone,
            "prunes": found is not None and found.prunes,
            "pruned": [
                {"group": item.group, "kind": item.kind, "namespace": item.namespace, "name": item.name}
                for item in pruned
            ],
        }
