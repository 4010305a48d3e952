"""What ``gitless image push`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.images.writing import PinnedImage
from pipeline.model.outcome import header, located


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePushResult:
    """An image in its registry.

    Attributes:
        image: its name, tag and digest, as manifests have them.
        artifact: the same as every other command names it.
        tags: that all point at the digest.
        size: of its manifest and layers, packed, in bytes; of an index nothing but itself.
        written: files that name the digest now, in the order in which they were written.
    """

    kind: ClassVar[str] = "ImagePushResult"

    image: PinnedImage
    artifact: PinnedReference
    tags: tuple[str, ...]
    size: int
    written: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "image": self.image.tagged,
            "pinned": self.image.pinned,
            **located(self.artifact, tag=self.image.tag, tags=list(self.tags)),
            "size": self.size,
            "written": list(self.written),
        }
