"""Which entries of a kustomization are fetched from the network (kustomize ``api/internal/git/repospec.go``)."""

from __future__ import annotations

import re

# A scheme, git's own spelling, what stands for GitHub, or user@host: as scp has it.
_REMOTE = re.compile(
    r"\s*(?:git::|gh:|[a-z][a-z0-9+.-]*://|(?:www\.)?github\.com[/:]|[^/\s]+@[^/\s]+[:/]|[a-z0-9.-]+\.[a-z]+:[^/\s])",
    re.IGNORECASE,
)


def is_remote(path: str) -> bool:
    """Whether kustomize takes this for an address rather than a path; true rather than false in doubt."""
    return _REMOTE.match(path) is not None
