"""What updating images changed, and where that went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.images.updating import MarkedChange
from pipeline.model.outcome import header
from pipeline.model.outcome.images_lock import ImagesLockResult
from pipeline.model.proposing import Commit, PullRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesUpdateResult:
    """Marked values that changed, the lock beside them, and what became of both.

    Attributes:
        files: every file that changes, the lock among them.
        is_written: whether they were written where they are.
        lock: what changes in the lock; ``None`` where there is none.
        patch: the change as ``git apply`` takes it.
        patch_file: where that was written to; empty: nowhere.
        notes: markers of which nothing came.
    """

    kind: ClassVar[str] = "ImagesUpdateResult"

    changes: tuple[MarkedChange, ...] = ()
    files: tuple[str, ...] = ()
    is_written: bool = False
    lock: ImagesLockResult | None = None
    patch: str = ""
    patch_file: str = ""
    commit: Commit | None = None
    pull_request: PullRequest | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything is behind its policy."""
        return bool(self.files)

    def document(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            **header(self.kind),
            "changed": self.is_changed,
            "written": self.is_written,
            "files": list(self.files),
            "changes": [
                {
                    "file": change.file,
                    "line": change.line,
                    "policy": change.policy,
                    "part": change.part.value,
                    "before": change.before,
                    "after": change.after,
                }
                for change in self.changes
            ],
            "lock": self.lock.document() if self.lock is not None else None,
            "patch": self.patch,
            "patchFile": self.patch_file or None,
            "commit": self.commit.document() if self.commit is not None else None,
            "pullRequest": self.pull_request.document() if self.pull_request is not None else None,
            "notes": list(self.notes),
        }


def change_lines(result: ImagesUpdateResult) -> tuple[str, ...]:
    """One line for each value and policy, for messages of commits: ``apps:web: 1.4.2 -> 1.5.0``."""
    marked = [f"{change.policy}: {change.before or '(nothing)'} -> {change.after}" for change in result.changes]
    locked = [
        f"{entry.image} -> {entry.pinned.partition('@')[0]} {entry.digest}"
        for entry in (result.lock.lock.images if result.lock is not None and not result.changes else ())
        if result.lock is not None and result.lock.change_of(entry) != "kept"
    ]
    return tuple(dict.fromkeys(marked + locked))
