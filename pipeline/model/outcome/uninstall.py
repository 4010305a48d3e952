"""What ``gitless uninstall`` took away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import header
from pipeline.model.plan import Action, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallResult:
    """``released`` are the custom resources whose finalizers were removed, so that nobody prunes for them."""

    kind: ClassVar[str] = "UninstallResult"

    cluster: str
    namespace: str
    dry_run: bool
    changes: tuple[Change, ...]
    released: tuple[ObjectId, ...] = ()

    @property
    def deleted(self) -> int:
        """How many objects were deleted."""
        return sum(change.action is Action.PRUNE for change in self.changes)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "cluster": self.cluster,
            "namespace": self.namespace,
            "dryRun": self.dry_run,
            "deleted": self.deleted,
            "changes": [change.document() for change in self.changes],
            "released": [
                {"kind": released.kind, "namespace": released.namespace, "name": released.name}
                for released in self.released
            ],
        }
