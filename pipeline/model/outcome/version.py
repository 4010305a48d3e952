"""What ``gitless version`` tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionResult:
    """This program, and the newest release where that was asked for.

    Attributes:
        programs: external programs that are found, by name, each with its path; empty: not found.
        newest: the newest released version; empty where nobody asked.
        is_outdated: whether that one is newer than this.
    """

    kind: ClassVar[str] = "VersionResult"

    version: str
    python: str
    platform: str
    programs: dict[str, str]
    newest: str = ""
    is_outdated: bool = False

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        checked = {"newest": self.newest, "outdated": self.is_outdated} if self.newest else {}
        return {
            **header(self.kind),
            "version": self.version,
            "python": self.python,
            "platform": self.platform,
            "programs": dict(self.programs),
            **checked,
        }
