"""What ``gitless tree`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.flux.tree import TreeNode
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeResult:
    """A Kustomization and everything below it."""

    kind: ClassVar[str] = "TreeResult"

    cluster: str
    root: TreeNode

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {**header(self.kind), "cluster": self.cluster, "root": self.root.document()}
