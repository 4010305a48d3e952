"""A checkout whose changes become commits, and a hosting service where they are proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pipeline.model.proposing import Commit, Proposal, PullRequest


class Committer(Protocol):
    """The Git work tree that we are in. Files are named by their path from its root, with slashes."""

    root: Path
    """Where it is on disk."""

    def changed(self, files: Sequence[str]) -> tuple[str, ...]:
        """Those of the files that differ from the last commit, staged or not."""
        ...

    def commit(self, files: Sequence[str], message: str, author: str) -> Commit:
        """Commit exactly these files as they are on disk, onto the current branch; hooks run as ever.

        ``author`` is ``NAME <MAIL>``, or empty for Git's own.

        Raises:
            ToolError: Git refuses, such as where nobody says who commits.
        """
        ...

    def push(self, commit: Commit, remote: str, branch: str) -> Commit:
        """Push the commit to a branch, never by force.

        Raises:
            ToolError: Git or the remote refuses.
        """
        ...

    def propose(self, contents: Mapping[str, bytes], message: str, author: str, remote: str, branch: str) -> Commit:
        """Make a commit of these contents on top of the last one and push it to a branch that is ours.

        Work tree, index and local branches stay as they are. What we pushed there before is replaced; where it has the
        same content on the same commit, nothing is pushed.

        Raises:
            RefusedError: the branch has a commit that is not ours.
            ToolError: Git or the remote refuses.
        """
        ...

    def branch(self) -> str:
        """The current branch; empty where none is checked out."""
        ...


class PullRequests(Protocol):
    """Pull requests of a repository, or merge requests of a project."""

    def put(self, proposal: Proposal) -> PullRequest:
        """Open one, or give the one that is open for the same two branches another title and text.

        Raises:
            ToolError: the service refuses or does not answer.
        """
        ...
