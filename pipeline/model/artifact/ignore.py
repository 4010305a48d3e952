"""Which files stay out of an artifact: gitignore patterns, of which the last that matches decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from pipeline.errors import ConfigurationError

FILE_NAME = ".sourceignore"
DEFAULT_PATTERNS = (
    ".git/",
    ".git",
    ".gitignore",
    ".gitmodules",
    ".gitattributes",
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
)
"""What the flux CLI leaves out when it pushes; ``.git`` also as a file, which it is in worktrees and submodules."""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Sets of patterns, each for one folder (``""`` is the root), from the weakest to the strongest."""

    sets: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    @classmethod
    def of(cls, patterns: Iterable[str]) -> IgnoreRules:
        """Rules for the root.

        Raises:
            ConfigurationError: a pattern cannot be read.
        """
        return cls().within("", patterns)

    def within(self, folder: str, patterns: Iterable[str], *, origin: str = "") -> IgnoreRules:
        """These rules and, stronger, others that are relative to a folder; ``origin`` is their file, for messages.

        Raises:
            ConfigurationError: a pattern cannot be read.
        """
        try:
            spec = GitIgnoreSpec.from_lines(patterns)
        except ValueError as error:
            place = f"{origin}: " if origin else ""
            raise ConfigurationError(f"{place}an ignore pattern cannot be read: {error}") from None
        return IgnoreRules((*self.sets, (folder, spec)))

    def ignores(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether the path, relative to the root, stays out. A folder that does takes all that is in it along."""
        asked = f"{path}/" if is_folder else path
        for folder, spec in reversed(self.sets):
            if folder and not asked.startswith(f"{folder}/"):
                continue
            verdict = spec.check_file(asked[len(folder) + 1 :] if folder else asked).include
            if verdict is not None:
                return verdict
        return False
