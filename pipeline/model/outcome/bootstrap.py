"""What ``gitless bootstrap`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header
from pipeline.model.outcome.install import InstallResult
from pipeline.model.plan import Action, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapResult:
    """The installation, the objects that make the cluster reconcile itself, and what it reconciled to."""

    kind: ClassVar[str] = "BootstrapResult"

    artifact: str
    path: str
    installed: InstallResult
    changes: tuple[Change, ...]
    ready: bool
    revision: str

    def document(self) -> dict[str, Any]:
        """The JSON document; ``installed`` is that of ``gitless install``."""
        return {
            **header(self.kind),
            "artifact": self.artifact,
            "path": self.path,
            "ready": self.ready,
            "revision": self.revision,
            "changes": [change.document() for change in self.changes if change.action is not Action.UNCHANGED],
            "installed": self.installed.document(),
        }
