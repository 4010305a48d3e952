"""How far a rotation of keys has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """One of the two keys; ``private`` is its file, as far as it is known here."""

    public: str
    fingerprint: str
    private: str = ""

    def document(self) -> dict[str, Any]:
        """A part of the JSON document."""
        return {
            "publicKeyFile": self.public,
            "privateKeyFile": self.private or None,
            "fingerprint": self.fingerprint or None,
        }


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A document, and what was changed in it, a line each."""

    file: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotationResult:
    """Two steps: both keys are accepted (``overlap``), or only the new one is (``finished``)."""

    kind: ClassVar[str] = "KeyRotationResult"

    step: str
    old: RotatedKey
    new: RotatedKey
    edited: tuple[EditedFile, ...]
    is_dry_run: bool
    checked: tuple[str, ...] = ()
    """Artifacts, by digest, that are signed by a key that is still accepted."""
    next_steps: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "step": self.step,
            "dryRun": self.is_dry_run,
            "oldKey": self.old.document(),
            "newKey": self.new.document(),
            "edited": [{"file": item.file, "changes": list(item.changes)} for item in self.edited],
            "checked": list(self.checked),
            "nextSteps": list(self.next_steps),
        }
