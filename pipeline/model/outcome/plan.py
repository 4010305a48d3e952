"""A plan: a diff that can be kept, with how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.planning.basis import Basis
from pipeline.model.planning.blast_radius import BlastRadius


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What ``gitless plan`` found.

    Attributes:
        diff: the changes, and what stands in their way.
        radius: how far they reach.
        file: where the plan was saved; empty where it was not.
        digest: of the saved plan, by which an approval names it; empty where it was not saved.
        basis: what it rests on; ``None`` unless it leads from a live cluster to an artifact.
    """

    kind: ClassVar[str] = "PlanResult"

    diff: DiffResult
    radius: BlastRadius
    file: str = ""
    digest: str = ""
    basis: Basis | None = None

    @property
    def is_appliable(self) -> bool:
        """Whether ``gitless apply --plan`` may do exactly this, for as long as everything stays as it is."""
        return self.basis is not None and not self.diff.obstacles

    def document(self) -> dict[str, Any]:
        """The JSON document: that of a diff under a name of its own, the blast radius, and what it rests on."""
        document = {
            **self.diff.document(),
            **header(self.kind),
            "blastRadius": self.radius.document(),
            "appliable": self.is_appliable,
        }
        if self.basis is not None:
            document["basis"] = self.basis.document()
        if self.file:
            document |= {"file": self.file, "planDigest": self.digest}
        return document
