"""``ImageResult`` as text."""

from __future__ import annotations

from pipeline.model.outcome.image import ImageResult
from pipeline.reports.text import imagebuild, imagepush


def render(result: ImageResult, *, color: bool) -> str:
    """Each image as ``image build`` and ``image push`` say it."""
    return "".join(
        imagebuild.render(build, color=color) + imagepush.render(push, color=color) for build, push in result.images
    )
