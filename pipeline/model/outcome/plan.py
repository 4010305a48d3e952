"""A plan: a diff that can be kept, with how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.planning.blast_radius import BlastRadius


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What ``gitless plan`` found; ``file`` is where it was saved, empty where it was not."""

    kind: ClassVar[str] = "PlanResult"

    diff: DiffResult
    radius: BlastRadius
    file: str = ""

    def document(self) -> dict[str, Any]:
        """The JSON document: that of a diff under a name of its own, and the blast radius."""
        return {**self.diff.document(), **header(self.kind), "blastRadius": self.radius.document()}
