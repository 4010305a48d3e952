"""Changes that are proposed to people: a commit on a branch, and the pull or merge request for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pipeline.errors import UsageError

_AUTHOR = re.compile(r"(?P<name>[^<>\n]*[^<>\s]) <(?P<mail>[^<>\s]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit that was made; ``branch`` is where it was pushed to, empty where it was not."""

    digest: str
    branch: str = ""
    is_new: bool = True
    """False: that branch had the same content already."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"digest": self.digest, "branch": self.branch or None, "new": self.is_new}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a pull or merge request is to say: the branch with the change, and the one that it is for."""

    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull or merge request that is open."""

    number: int
    url: str
    is_new: bool

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"number": self.number, "url": self.url, "new": self.is_new}


def split_author(author: str) -> tuple[str, str]:
    """Name and mail of ``NAME <MAIL>``.

    Raises:
        UsageError: it is none.
    """
    found = _AUTHOR.fullmatch(author)
    if found is None:
        raise UsageError(f"--author '{author}': expected NAME <MAIL>")
    return found["name"], found["mail"]
