"""What ``gitless image build`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBuildResult:
    """An image that the engine has now.

    Attributes:
        image: its name and tag, as it was asked for.
        image_id: ``sha256:`` of its configuration; no registry knows it by that.
        size: of its unpacked layers, in bytes.
        created: what SOURCE_DATE_EPOCH or the user said, RFC 3339; empty where nobody did.
    """

    kind: ClassVar[str] = "ImageBuildResult"

    image: str
    image_id: str
    size: int
    platform: str
    engine: str
    source: str
    revision: str
    created: str

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "image": self.image,
            "imageId": self.image_id,
            "size": self.size,
            "platform": self.platform,
            "engine": self.engine,
            "source": self.source,
            "revision": self.revision,
            "created": self.created,
        }
