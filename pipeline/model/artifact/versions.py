"""Semantic versions and ranges over them, judged as Flux judges them.

Rules: semver.org 2.0, and for ranges the Go library Masterminds/semver 3, which Flux and Helm use. No Python package
has its rules for prereleases, partial versions, and ``^`` below 1.0. Its oddities (``^*`` and ``!=*`` mean 0.0.0) are
kept: a range must select here what it selects in the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import total_ordering

from pipeline.errors import UsageError

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    rf"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?", re.ASCII
)
_PART = r"(?:\d+|[xX*])"
_PARTIAL = rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
_OPERATOR = r"!=|>=|=>|<=|=<|~>|=|>|<|~|\^|"
_COMPARATOR = re.compile(rf"({_OPERATOR})\s*({_PARTIAL})", re.ASCII)
_GROUP = re.compile(rf"\s*(?:{_OPERATOR})\s*{_PARTIAL}\s*(?:(?:\s|,\s*)(?:{_OPERATOR})\s*{_PARTIAL}\s*)*", re.ASCII)
_HYPHEN = re.compile(rf"({_PARTIAL})\s+-\s+({_PARTIAL})", re.ASCII)
_PIECES = re.compile(
    rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?(?:-({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?", re.ASCII
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """One version; build metadata does not count."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[object, ...]:
        identifiers = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.prerelease)
        return (self.major, self.minor, self.patch, not self.prerelease, identifiers)


def parse_version(text: str) -> Version | None:
    """The version that a tag is, with or without ``v``; ``None`` unless all three numbers are there."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    major, minor, patch, prerelease = match.groups()
    identifiers = tuple(prerelease.split(".")) if prerelease else ()
    if any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in identifiers):
        return None
    return Version(int(major), int(minor), int(patch), identifiers)


@dataclass(frozen=True, slots=True)
class _Comparator:
    operator: str
    version: Version
    given: int
    """How many of the three numbers were given, the rest being absent or a wildcard."""


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Alternatives, each a group of conditions that must all hold."""

    groups: tuple[tuple[_Comparator, ...], ...]

    def includes(self, version: Version) -> bool:
        """Whether the version is in the range; a prerelease only where its group names one."""
        return any(_holds(group, version) for group in self.groups)


def parse_range(text: str) -> VersionRange:
    """Read ``>=1.2 <2``, ``~1.4``, ``^2.1.0-0 || 3.x``, ``1.2 - 1.4`` and the like.

    Raises:
        UsageError: the text is no range.
    """
    expanded = _HYPHEN.sub(r">=\1 <=\2", text)
    groups: list[tuple[_Comparator, ...]] = []
    for group in expanded.split("||"):
        if not group.strip():
            groups.append((_Comparator("=", Version(0, 0, 0), 0),))
        elif _GROUP.fullmatch(group) is None:
            raise UsageError(
                f"'{text}' is not a version range; expected something like '>=1.2.0 <2.0.0', '~1.4' or '2.x'"
            )
        else:
            groups.append(tuple(_comparator(*found) for found in _COMPARATOR.findall(group)))
    return VersionRange(tuple(groups))


def _comparator(operator: str, partial: str) -> _Comparator:
    pieces = _PIECES.fullmatch(partial)
    if pieces is None:  # pragma: no cover - the group's pattern has accepted it
        raise UsageError(f"'{partial}' is not a version")
    numbers: list[int] = []
    for piece in pieces.groups()[:3]:
        if piece is None or not piece.isdigit():
            break
        numbers.append(int(piece))
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    prerelease = tuple(pieces[4].split(".")) if pieces[4] else ()
    return _Comparator(_SYNONYMS.get(operator, operator), Version(major, minor, patch, prerelease), len(numbers))


_SYNONYMS = {"": "=", "=>": ">=", "=<": "<=", "~>": "~"}
_FULL, _MINOR, _MAJOR = 3, 2, 1


def _holds(group: tuple[_Comparator, ...], version: Version) -> bool:
    if version.prerelease and not any(comparator.version.prerelease for comparator in group):
        return False
    return all(_RULES[comparator.operator](version, comparator) for comparator in group)


def _equal(version: Version, bound: _Comparator) -> bool:
    return version == bound.version if bound.given == _FULL else _tilde(version, bound)


def _not_equal(version: Version, bound: _Comparator) -> bool:
    if bound.given in {0, _FULL}:
        return version != bound.version
    same = (version.major, version.minor)[: bound.given] == (bound.version.major, bound.version.minor)[: bound.given]
    if bound.given == _MINOR and same and (version.prerelease or bound.version.prerelease):
        return version.prerelease != bound.version.prerelease
    return not same


def _greater(version: Version, bound: _Comparator) -> bool:
    if bound.given == _MAJOR:
        return version.major > bound.version.major
    if bound.given == _MINOR:
        return (version.major, version.minor) > (bound.version.major, bound.version.minor)
    return version > bound.version


def _at_most(version: Version, bound: _Comparator) -> bool:
    if bound.given == _MAJOR:
        return version.major <= bound.version.major
    if bound.given == _MINOR:
        return (version.major, version.minor) <= (bound.version.major, bound.version.minor)
    return version <= bound.version if bound.given == _FULL else version.major <= 0 and version.minor <= 0


def _tilde(version: Version, bound: _Comparator) -> bool:
    low = bound.version
    if version < low:
        return False
    # ~0.0.0 lets everything pass, an oddity of the library that users of ranges may have come to rely on.
    if bound.given in {0, _FULL} and (low.major, low.minor, low.patch) == (0, 0, 0):
        return True
    return version.major == low.major and (bound.given == _MAJOR or version.minor == low.minor)


def _caret(version: Version, bound: _Comparator) -> bool:
    low = bound.version
    if version < low:
        return False
    if low.major > 0 or bound.given == _MAJOR:
        return version.major == low.major
    if version.major > 0:
        return False
    if low.minor > 0 or bound.given == _MINOR:
        return version.minor == low.minor
    return version.minor == 0 and version.patch == low.patch


_RULES: dict[str, Callable[[Version, _Comparator], bool]] = {
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": lambda version, bound: version < bound.version,
    ">=": lambda version, bound: version >= bound.version,
    "<=": _at_most,
    "~": _tilde,
    "^": _caret,
}
