"""What one job of ``gitless run`` leaves in the results folder for the next one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.artifact.reference import PinnedReference, parse_reference


@dataclass(frozen=True, slots=True)
class Handover:
    """The results folder, if there is one, seen by a run that begins with the stage ``first``."""

    folder: Path | None
    first: str

    def keep(self, name: str, content: bytes) -> None:
        """Leave a file for later jobs, where there is a folder."""
        if self.folder is not None:
            from pipeline.whole_files import write_whole

            write_whole(self.folder / name, content)

    def kept(self, name: str, stage: str) -> bytes:
        """What an earlier job's stage has left.

        Raises:
            ConfigurationError: it has left nothing.
        """
        file = None if self.folder is None else self.folder / name
        if file is None or not file.is_file():
            raise ConfigurationError(
                f"--from {self.first} needs what {stage} made: {file or name} is not there",
                hint=f"run `gitless run --to {stage} --results-dir DIR` first, and give the same --results-dir here",
            )
        return file.read_bytes()

    def artifact(self) -> PinnedReference:
        """What an earlier job has packaged.

        Raises:
            ConfigurationError: nothing, or the result of package cannot be read.
        """
        content = self.kept("package.json", "package")
        try:
            document: Any = json.loads(content)
            return parse_reference(str(document["digestUrl"])).pinned()
        except (ValueError, LookupError, TypeError, RecursionError, UsageError):
            raise ConfigurationError(
                f"{self.folder}/package.json is not the result of package; expected JSON with a digestUrl",
                hint="run `gitless run --to package` again with this --results-dir",
            ) from None
