"""What ``gitless matrix`` found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixEntry:
    """One job: a target of a settings file.

    Attributes:
        name: of the application.
        file: the settings file, relative to the checkout's root.
        target: empty where the file has none.
        touched_by: the changed paths that it is built from; ``FILE (settings)`` for settings of its own.
    """

    name: str
    file: str
    target: str
    touched_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixResult:
    """The jobs, sorted; ``since`` is the commit that was compared with, empty: all targets were asked for."""

    kind: ClassVar[str] = "MatrixResult"

    since: str
    entries: tuple[MatrixEntry, ...]
    untouched: int = 0

    @property
    def matrix(self) -> str:
        """What a CI makes jobs of: a JSON array of objects with ``name``, ``file`` and ``target``, on one line."""
        jobs = [{"name": entry.name, "file": entry.file, "target": entry.target} for entry in self.entries]
        return json.dumps(jobs, separators=(",", ":"))

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "since": self.since,
            "include": [
                {
                    "name": entry.name,
                    "file": entry.file,
                    "target": entry.target,
                    "touchedBy": list(entry.touched_by),
                }
                for entry in self.entries
            ],
            "untouched": self.untouched,
        }
