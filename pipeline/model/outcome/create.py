"""What ``gitless create`` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import header
from pipeline.model.plan import Action, object_document


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateResult:
    """One object; ``revision`` is what it fetched or applied, empty for Secrets and where nobody waited."""

    kind: ClassVar[str] = "CreateResult"

    cluster: str
    object_id: ObjectId
    api_version: str
    action: Action
    ready: bool = False
    revision: str = ""

    def document(self) -> dict[str, Any]:
        """The JSON document; nothing of what a Secret holds."""
        return {
            **header(self.kind),
            "cluster": self.cluster,
            "action": self.action.value,
            "object": object_document(self.object_id, self.api_version),
            "ready": self.ready,
            "revision": self.revision,
        }
