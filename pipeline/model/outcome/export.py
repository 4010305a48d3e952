"""What ``gitless export`` writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipeline.model.documents.yaml_writing import write_document
from pipeline.model.manifests import Body
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """Objects as manifests; Secrets are among them only where that was asked for."""

    kind: ClassVar[str] = "ExportResult"

    objects: tuple[Body, ...] = field(hash=False, repr=False)

    @property
    def content(self) -> bytes:
        """As a stream of YAML documents, each after a ``---``."""
        return b"".join(b"---\n" + write_document(body) for body in self.objects)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {**header(self.kind), "objects": [dict(body) for body in self.objects]}
