"""What ``gitless install`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.errors import VerificationError
from pipeline.model.outcome import header
from pipeline.model.plan import Action, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallResult:
    """What was written, pruned and left alone; ``ready`` is whether the puller was seen to work."""

    kind: ClassVar[str] = "InstallResult"

    cluster: str
    namespace: str
    version: str
    image: str
    dry_run: bool
    ready: bool
    changes: tuple[Change, ...]

    def count(self, action: Action) -> int:
        """How many objects have this action."""
        return sum(change.action is action for change in self.changes)

    def document(self) -> dict[str, Any]:
        """The JSON document; ``changes`` leaves out unchanged objects."""
        return {
            **header(self.kind),
            "cluster": self.cluster,
            "namespace": self.namespace,
            "version": self.version,
            "image": self.image,
            "dryRun": self.dry_run,
            "ready": self.ready,
            "counts": {action.value: self.count(action) for action in Action},
            "changes": [change.document() for change in self.changes if change.action is not Action.UNCHANGED],
        }


class PullerUnavailableError(VerificationError):
    """All was written, and the puller does not come up; ``result`` says what was written."""

    code = "verification.not-available"

    def __init__(self, message: str, result: InstallResult, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.result = result
