"""A Git checkout."""

from __future__ import annotations

from typing import Protocol


class Checkout(Protocol):
    """The work tree around a folder; paths are relative to its root, with slashes."""

    root: str
    """Where it is on disk."""
    folder: str
    """The folder that was asked about; empty where it is the root."""

    def base(self, revision: str) -> str:
        """The commit that the checked out one and the revision have both come from.

        Raises:
            UsageError: there is no such revision, or the history is too short to tell.
        """
        ...

    def changed_since(self, commit: str) -> tuple[str, ...]:
        """Every path that was added, changed or deleted since then, whether committed or not; both ends of a move."""
        ...

    def named(self, name: str) -> tuple[str, ...]:
        """Every file of that name below the folder that Git knows or would take."""
        ...

    def read(self, path: str) -> bytes | None:
        """The file as it is now; ``None`` where there is none."""
        ...

    def read_at(self, commit: str, path: str) -> bytes | None:
        """The file as it was then; ``None`` where there was none."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether there is such a folder now."""
        ...
