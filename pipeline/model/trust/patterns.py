"""Patterns of repositories: ``*`` within one part of the path, ``**`` for anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pipeline.model.artifact.reference import LAYOUT_SCHEME, REGISTRY_SCHEME, Repository

_DEFAULT_PORTS = (":443", ":80")
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
_STARS = re.compile(r"(\*+)")


def matches_any(patterns: Iterable[str], repository: Repository) -> bool:
    """Whether one of the patterns is for the repository; a layout folder is only named with its scheme.

    One registry has several names, and none of them may lead around a rule: letter case, default ports and the aliases
    of Docker Hub make no difference.
    """
    text = _canonical(str(repository))
    return any(_compiled(_canonical(pattern)).fullmatch(text) for pattern in patterns)


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


@lru_cache(maxsize=4096)
def _canonical(name: str) -> str:
    text = name.removeprefix(REGISTRY_SCHEME)
    if text.startswith(LAYOUT_SCHEME):
        return text
    host, slash, path = text.partition("/")
    host = host.lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    if host in _DOCKER_HUB:
        host = "docker.io"
        if "/" not in path and path != "**":
            path = f"library/{path}"
    return host + slash + path


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = _STARS.split(pattern)
    return re.compile("".join(_regexp(part) for part in parts), re.DOTALL)


def _regexp(part: str) -> str:
    if not part.startswith("*"):
        return re.escape(part)
    return "[^/]*" if part == "*" else ".*"
