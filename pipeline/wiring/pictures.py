"""Pictures of graphs."""

from __future__ import annotations

from pipeline.ports import Environment, Picture


def picture(name: str, environment: Environment) -> Picture:
    """What draws ``svg``, ``html``, ``dot`` or ``mermaid``; the first two need Graphviz when they draw."""
    if name == "dot":
        from pipeline.pictures.dot import DotPicture

        return DotPicture()
    if name == "mermaid":
        from pipeline.pictures.mermaid import MermaidPicture

        return MermaidPicture()
    if name == "html":
        from pipeline.pictures.html import HtmlPicture

        return HtmlPicture(environment)
    from pipeline.pictures.svg import SvgPicture

    return SvgPicture(environment)
