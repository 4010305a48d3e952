"""``ImageBuildResult`` as text."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.outcome.image_build import ImageBuildResult

_WIDTH = 400


def render(result: ImageBuildResult, *, color: bool) -> str:
    """The image's name first, since that is what push wants, then the facts."""
    del color
    facts = {
        "id": result.image_id,
        "size": f"{result.size / 1e6:.1f} MB",
        "platform": result.platform,
        "engine": result.engine,
        "source": result.source,
        "revision": result.revision,
        "created": result.created,
    }
    lines = (f"  {name + ':':<10}{printable(fact, _WIDTH)}\n" for name, fact in facts.items() if fact)
    return f"Built {result.image}\n{''.join(lines)}"
