"""Pictures of graphs."""

from __future__ import annotations

from typing import Protocol

from pipeline.model.graph.graph import Graph


class Picture(Protocol):
    """Draws graphs in one format."""

    name: str
    """``svg``, ``dot``, ``mermaid`` or ``html``."""

    def draw(self, graph: Graph) -> str:
        """The whole document as text; the same for the same graph, and safe whatever the graph's texts are.

        Raises:
            ToolError: the program that lays it out failed.
            ConfigurationError: it is missing.
        """
        ...
