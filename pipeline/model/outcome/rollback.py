"""What ``gitless rollback`` did, or would do: a tag went back and is locked, or was released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located
from pipeline.model.promotion.lock import TagLock


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackResult:
    """A tag and where it is now.

    Attributes:
        target: the artifact that the tag points at now, with the tag.
        previous: the digest that it pointed at before.
        is_release: whether the lock was released, and nothing else.
        is_changed: whether the tag moved, or the lock was released; or would.
        lock: the tag's lock; ``None`` where there is none.
        because: what made that digest the one to go back to.
        statement_digest: the manifest that carries the signed statement of this rollback; empty where nobody signed.
    """

    kind: ClassVar[str] = "RollbackResult"

    target: PinnedReference
    previous: str
    is_release: bool
    is_changed: bool
    lock: TagLock | None
    because: str = ""
    verified_by: tuple[str, ...] = ()
    statement_digest: str = ""
    is_dry_run: bool = False
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.target, tag=self.target.tag),
            "previousDigest": self.previous,
            "released": self.is_release and self.is_changed,
            "changed": self.is_changed,
            "dryRun": self.is_dry_run,
            "because": self.because,
            "verifiedBy": list(self.verified_by),
            "statementDigest": self.statement_digest or None,
            "lock": self.lock.document() if self.lock is not None else None,
            "notes": list(self.notes),
        }
