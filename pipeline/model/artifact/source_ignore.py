"""What Flux leaves out of an artifact when it pulls it, decided exactly as Flux decides it.

Rules: fluxcd/pkg ``sourceignore`` and ``artifact/storage``. Its patterns look like gitignore's and differ where it
shows: every file is judged on its own, so that a later ``!`` brings back what is in an excluded folder; ``**`` takes
the first folder that fits and does not look further; a character class is negated by ``^`` alone. Hence not
:mod:`pipeline.model.artifact.ignore`, which judges as git does when an artifact is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import ManifestError

FILE_NAME = ".sourceignore"
VCS_PATTERNS = (".git/", ".gitignore", ".gitmodules", ".gitattributes")
"""Always left out, unless a stronger pattern brings them back."""
DEFAULT_PATTERNS = (
    *("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"),
    *(".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml"),
    *("cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml"),
    *("**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml"),
)
"""Left out as well, but only where nobody gave any pattern of their own."""

_MAX_PATTERNS = 10_000
_MAX_JUDGEMENTS = 5_000_000
"""Patterns times files: some seconds of work, and far more than anybody needs."""
_NEVER = "(?!)"


@dataclass(frozen=True, slots=True)
class _Pattern:
    domain: tuple[str, ...]
    parts: tuple[str | re.Pattern[str] | None, ...]
    """Between slashes: ``""``, ``"**"``, a compiled pattern, or ``None`` for what never matches."""
    is_inclusion: bool
    folders_only: bool

    def matches(self, names: Sequence[str]) -> bool:
        """Whether the file with this path is meant, or is in a folder that is."""
        depth = len(self.domain)
        if len(names) <= depth or tuple(names[:depth]) != self.domain:
            return False
        names = names[depth:]
        return self._matches_name(names) if len(self.parts) == 1 else self._matches_path(names)

    def _matches_name(self, names: Sequence[str]) -> bool:
        part = self.parts[0]
        if not isinstance(part, re.Pattern):
            return False
        found = next((index for index, name in enumerate(names) if part.fullmatch(name)), None)
        return found is not None and not (self.folders_only and found == len(names) - 1)

    def _matches_path(self, names: Sequence[str]) -> bool:
        position, found, anywhere = 0, False, False
        for index, part in enumerate(self.parts):
            if part == "**" and index == len(self.parts) - 1:
                break
            if isinstance(part, str):
                anywhere = part == "**"
                continue
            if part is None or position == len(names):
                return False
            reach = len(names) if anywhere else position + 1
            at = next((at for at in range(position, reach) if part.fullmatch(names[at])), None)
            if at is None:
                return False
            position, found, anywhere = at + 1, True, False
        return found and not (self.folders_only and position == len(names))


@dataclass(frozen=True, slots=True)
class SourceIgnore:
    """Patterns from the weakest to the strongest."""

    patterns: tuple[_Pattern, ...]

    def ignores(self, path: str) -> bool:
        """Whether the file, by its path from the root, stays out."""
        names = path.split("/")
        for pattern in reversed(self.patterns):
            if pattern.matches(names):
                return not pattern.is_inclusion
        return False

    def left_out(self, paths: Sequence[str]) -> frozenset[str]:
        """Those of the files that stay out.

        Raises:
            ManifestError: there is too much to judge.
        """
        if len(self.patterns) * len(paths) > _MAX_JUDGEMENTS:
            raise ManifestError(
                f"{len(self.patterns)} ignore patterns for {len(paths)} files are too many to judge",
                hint="say it with fewer patterns in .sourceignore and spec.ignore",
            )
        return frozenset(path for path in paths if self.ignores(path))


def source_ignore(files: Mapping[str, bytes], ignore: str | None) -> SourceIgnore:
    """The rules of an artifact with these ``.sourceignore`` files (by path) and this ``spec.ignore``.

    Raises:
        ManifestError: there are too many.
    """
    lines: list[tuple[str, tuple[str, ...]]] = []
    for path in sorted(files, key=lambda path: path.split("/")[:-1]):
        *folder, name = path.split("/")
        if name == FILE_NAME and ".git" not in folder:
            lines += ((line, tuple(folder)) for line in _lines(files[path].decode("utf-8", "replace")))
    lines += ((line, ()) for line in _lines(ignore or ""))
    if len(lines) > _MAX_PATTERNS:
        raise ManifestError(f"there are {len(lines)} ignore patterns; expected at most {_MAX_PATTERNS}")
    given = (*VCS_PATTERNS, *(() if lines else DEFAULT_PATTERNS))
    return SourceIgnore(tuple(_parse(line, domain) for line, domain in (*((line, ()) for line in given), *lines)))


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        pattern = line.removesuffix("\r")
        if not pattern.startswith("#") and pattern.strip():
            yield pattern


def _parse(pattern: str, domain: tuple[str, ...]) -> _Pattern:
    is_inclusion = pattern.startswith("!")
    bare = pattern[1:] if is_inclusion else pattern
    if not bare.endswith("\\ "):
        bare = bare.rstrip(" ")
    folders_only = bare.endswith("/")
    bare = bare.removesuffix("/")
    names = bare.split("/")
    parts = (_compiled(bare),) if len(names) == 1 else tuple(_part(name) for name in names)
    return _Pattern(domain, parts, is_inclusion, folders_only)


def _part(name: str) -> str | re.Pattern[str] | None:
    if name in {"", "**"}:
        return name
    return None if "**" in name else _compiled(name)


def _compiled(glob: str) -> re.Pattern[str] | None:
    """Go's ``path.Match`` for one name, or ``None`` where that takes the pattern for malformed.

    Each run between two stars takes the first place that fits and sticks to it (an atomic group): right for globs, and
    without the backtracking by which a pattern could keep us busy for ever.
    """
    runs: list[str] = [""]
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            runs.append("")
        elif character == "?":
            runs[-1] += "."
        elif character == "[":
            read = _character_class(glob, position)
            if read is None:
                return None
            expression, position = read
            runs[-1] += expression
        else:
            if character == "\\":
                if position == len(glob):
                    return None
                character, position = glob[position], position + 1
            runs[-1] += re.escape(character)
    if len(runs) == 1:
        return re.compile(runs[0], re.DOTALL)
    middle = "".join(f"(?>.*?{run})" for run in runs[1:-1] if run)
    return re.compile(f"{runs[0]}{middle}.*{runs[-1]}", re.DOTALL)


def _character_class(glob: str, position: int) -> tuple[str, int] | None:
    is_negated = glob.startswith("^", position)
    position += is_negated
    ranges = ""
    count = 0
    while not (count and glob.startswith("]", position)):
        low = _class_character(glob, position)
        if low is None:
            return None
        high, position = low
        first = high
        if glob.startswith("-", position):
            last = _class_character(glob, position + 1)
            if last is None:
                return None
            high, position = last
        count += 1
        if first <= high:
            ranges += f"{re.escape(first)}-{re.escape(high)}"
    if not ranges:
        return ("." if is_negated else _NEVER), position + 1
    return f"[{'^' if is_negated else ''}{ranges}]", position + 1


def _class_character(glob: str, position: int) -> tuple[str, int] | None:
    if position >= len(glob) or glob[position] in "-]":
        return None
    if glob[position] == "\\":
        position += 1
        if position >= len(glob):
            return None
    return glob[position], position + 1
