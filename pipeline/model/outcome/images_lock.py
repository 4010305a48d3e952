"""What locking images did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesLockResult:
    """The lock as it is now and as it was, and what could not be locked.

    Attributes:
        file: the lock file.
        before: what it said.
        lock: what it says now.
        gone: images whose tag no registry has.
        unreadable: what stands where an image should, and names none.
        pinned: how many images of the manifests have a digest of their own.
    """

    kind: ClassVar[str] = "ImagesLockResult"

    file: str
    before: ImagesLock
    lock: ImagesLock
    gone: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    pinned: int = 0

    @property
    def is_changed(self) -> bool:
        """Whether the file says something else than before."""
        return self.lock != self.before

    def change_of(self, entry: LockedImage) -> str:
        """``added``, ``changed`` or ``kept``."""
        old = self.before.entry(entry.image)
        if old is None:
            return "added"
        return "kept" if old == entry else "changed"

    @property
    def removed(self) -> tuple[LockedImage, ...]:
        """Entries that are not in it any more."""
        return tuple(entry for entry in self.before.images if self.lock.entry(entry.image) is None)

    def document(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            **header(self.kind),
            "file": self.file,
            "changed": self.is_changed,
            "images": [{**entry_document(entry), "change": self.change_of(entry)} for entry in self.lock.images],
            "removed": [entry_document(entry) for entry in self.removed],
            "gone": list(self.gone),
            "unreadable": list(self.unreadable),
            "pinned": self.pinned,
        }


def entry_document(entry: LockedImage) -> dict[str, Any]:
    """One entry as JSON."""
    return {
        "image": entry.image,
        "digest": entry.digest,
        "tag": entry.tag or None,
        "policy": entry.policy or None,
    }
