"""Pictures of graphs."""

from __future__ import annotations

from pipeline.ports import Environment, Picture


def picture(name: str, environment: Environment) -> Picture:
    """What draws ``svg``, ``dot`` or ``mermaid``; the first needs Graphviz when it draws."""
    if name == "dot":
        from pipeline.pictures.dot import DotPicture

        return DotPicture()
    if name == "mermaid":
        from pipeline.pictures.mermaid import MermaidPicture

        return MermaidPicture()
    from pipeline.pictures.svg import SvgPicture

    return SvgPicture(environment)
