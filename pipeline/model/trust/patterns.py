"""Patterns of repositories: ``*`` within one part of the path, ``**`` for anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pipeline.model.artifact.reference import LAYOUT_SCHEME, REGISTRY_SCHEME, Repository

_STARS = re.compile(r"(\*+)")


def matches_any(patterns: Iterable[str], repository: Repository) -> bool:
    """Whether one of the patterns is for the repository; a layout folder is only named with its scheme."""
    text = str(repository).removeprefix(REGISTRY_SCHEME)
    return any(_compiled(pattern).fullmatch(text) for pattern in patterns)


def matches_text(pattern: str, text: str) -> bool:
    """Whether a pattern fits a text that is no repository, such as a ref."""
    return _compiled(pattern).fullmatch(text) is not None


def complaint(pattern: str) -> str:
    """Why this is no pattern of repositories; empty where it is one."""
    text = pattern.removeprefix(REGISTRY_SCHEME)
    if text.startswith(LAYOUT_SCHEME) or text == "**":
        return ""
    host, slash, path = text.partition("/")
    if not slash or not path:
        return "has no repository behind the host; expected HOST/REPOSITORY, such as ghcr.io/acme/**"
    if "@" in text or ":" in path:
        return "names a tag or digest; rules are for whole repositories"
    if any("**" in part and part != "**" for part in (host, *path.split("/"))):
        return "has ** beside other text; it must stand alone between slashes"
    if host.endswith("*") and host not in {"*", "**"}:
        return "has a host that ends in *, which anybody's longer host name fits too"
    return ""


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = _STARS.split(pattern.removeprefix(REGISTRY_SCHEME))
    return re.compile("".join(_regexp(part) for part in parts), re.DOTALL)


def _regexp(part: str) -> str:
    if not part.startswith("*"):
        return re.escape(part)
    return "[^/]*" if part == "*" else ".*"
