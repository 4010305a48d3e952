"""What was built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.attestation.materials import Material, images_in, merged
from pipeline.model.documents.yaml_writing import write_stream
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.outcome import header


@dataclass(frozen=True)
class BuildResult:
    """The objects, and the file they were written to, if any."""

    kind: ClassVar[str] = "BuildResult"

    manifests: Manifests
    file: str | None = None
    from_sources: tuple[Material, ...] = ()
    """What the renderers know of: charts, remote bases, and files that pin them."""

    @cached_property
    def materials(self) -> tuple[Material, ...]:
        """Those, and every image of the objects; found when first asked for."""
        return merged(images_in(self.manifests), self.from_sources)

    @cached_property
    def content(self) -> bytes:
        """The canonical YAML stream; written when first asked for."""
        return write_stream(self.manifests)

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of objects by kind, in canonical order."""
        return Counter(resource.id.kind for resource in self.manifests)

    def document(self) -> dict[str, Any]:
        """``digest`` is SHA-256 of the YAML stream's bytes; ``objects`` are in the stream's order."""
        return {
            **header(self.kind),
            "file": self.file,
            "digest": sha256_digest(self.content),
            "size": len(self.content),
            "counts": dict(self.counts),
            "materials": [material.document() for material in self.materials],
            "objects": [_object(resource) for resource in self.manifests],
        }


def _object(resource: Resource) -> dict[str, Any]:
    document: dict[str, Any] = {
        "apiVersion": resource.api_version,
        "kind": resource.id.kind,
        "namespace": resource.id.namespace or None,
        "name": resource.id.name,
    }
    if resource.origin is not None:
        document["origin"] = {
            "file": resource.origin.file,
            "line": resource.origin.line,
            "chart": resource.origin.chart,
        }
    return document
