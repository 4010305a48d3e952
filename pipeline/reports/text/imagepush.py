"""``ImagePushResult`` as text."""

from __future__ import annotations

from pipeline.model.outcome.image_push import ImagePushResult


def render(result: ImagePushResult, *, color: bool) -> str:
    """The image by digest first, since that is what manifests want, then the facts, and a line for each file."""
    del color
    facts = {"tags": ", ".join(result.tags), "size": f"{result.size / 1e6:.1f} MB packed"}
    lines = [f"  {name + ':':<10}{fact}\n" for name, fact in facts.items()]
    return f"Pushed {result.image.pinned}\n" + "".join((*lines, *(f"  written:  {file}\n" for file in result.written)))
