"""What the stage ``image`` of ``gitless run`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header
from pipeline.model.outcome.image_build import ImageBuildResult
from pipeline.model.outcome.image_push import ImagePushResult


@dataclass(frozen=True, slots=True)
class ImageResult:
    """Every image of the settings, built and then pushed, in their order."""

    kind: ClassVar[str] = "ImageResult"

    images: tuple[tuple[ImageBuildResult, ImagePushResult], ...]

    @property
    def references(self) -> str:
        """``HOST/PATH@sha256:…`` of each, separated by commas: what Tekton Chains reads from ``IMAGES``."""
        return ",".join(push.artifact.digest_url.removeprefix("oci://") for _, push in self.images)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "images": [{"build": build.document(), "push": push.document()} for build, push in self.images],
        }
