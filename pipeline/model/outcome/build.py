"""What was built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any, ClassVar

from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.attestation.materials import Material, MaterialKind, images_in, merged
from pipeline.model.documents.yaml_writing import write_stream
from pipeline.model.images.lock import LockedImage
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.outcome import header
from pipeline.model.outcome.images_lock import entry_document


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesPinned:
    """What a lock did to the images of a build.

    Attributes:
        file: the lock file.
        digest: of that file; empty where what was used is not what the file says.
        images: the entries that were used.
        missing: images without digest that it does not have.
    """

    file: str
    digest: str = ""
    images: tuple[LockedImage, ...] = ()
    missing: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "file": self.file,
            "digest": self.digest or None,
            "images": [{**entry_document(entry), "pinned": entry.pinned} for entry in self.images],
            "missing": list(self.missing),
        }


@dataclass(frozen=True)
class BuildResult:
    """The objects, and the file they were written to, if any."""

    kind: ClassVar[str] = "BuildResult"

    manifests: Manifests
    file: str | None = None
    from_sources: tuple[Material, ...] = ()
    """What the renderers know of: charts, remote bases, and files that pin them."""
    images: ImagesPinned | None = None
    """What an images lock did; ``None`` where there is none."""

    @cached_property
    def materials(self) -> tuple[Material, ...]:
        """Those, and every image of the objects; found when first asked for."""
        return merged(images_in(self.manifests), self.from_sources, self._lock())

    def _lock(self) -> tuple[Material, ...]:
        pinned = self.images
        if pinned is None or not pinned.digest:
            return ()
        return (Material(MaterialKind.FILE, PurePath(pinned.file).name, digest=pinned.digest),)

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
            "images": self.images.document() if self.images is not None else None,
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
