"""Commits and pushes. Nothing is forced but a branch of our own, and no file of the work tree is written."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pipeline.checkouts.git import Git
from pipeline.command import Output
from pipeline.errors import RefusedError, ToolError, UsageError
from pipeline.model.proposing import Commit, split_author
from pipeline.ports import Environment

MARK: Final = "Gitless-Update: images"
"""The trailer by which a later run knows a commit as ours."""
_PASSED = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_", "GIT_INDEX_FILE")
_BRANCH = re.compile(r"(?!-)[^\s~^:?*\[\\\x00-\x20\x7f]+")
_NETWORK_TIMEOUT = 300.0


class GitCommitter:
    """The :class:`pipeline.ports.Committer` around a folder."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        """Find the work tree.

        Raises:
            ToolError: git is missing, or the folder is in no work tree.
        """
        git = Git.find(environment, folder, _PASSED)
        try:
            self._git = git.at_root()
        except ToolError as error:
            raise ToolError(error.message, hint=error.hint or "run it in a Git work tree", code=error.code) from None
        self.root = self._git.folder

    def changed(self, files: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        told = self._run("status", "--porcelain=v1", "-z", "--untracked-files=no", "--", *_literal(files)).stdout
        return tuple(entry[3:].decode(errors="surrogateescape") for entry in told.split(b"\0") if len(entry) > 3)  # noqa: PLR2004

    def commit(self, files: Sequence[str], message: str, author: str) -> Commit:
        """See the port."""
        # A lock that is new is not known to Git yet, and only what Git knows can be committed by its name.
        self._text("add", "--intent-to-add", "--", *_literal(files))
        self._run(
            "commit", "--quiet", "--file=-", "--only", "--", *_literal(files),
            stdin=message.encode(), variables=_identity(author),
        )  # fmt: skip
        return Commit(digest=self._text("rev-parse", "HEAD"))

    def push(self, commit: Commit, remote: str, branch: str) -> Commit:
        """See the port."""
        _check(remote, branch)
        self._network("push", "--quiet", remote, f"{commit.digest}:refs/heads/{branch}")
        return replace(commit, branch=branch)

    def propose(self, contents: Mapping[str, bytes], message: str, author: str, remote: str, branch: str) -> Commit:
        """See the port."""
        _check(remote, branch)
        head = self._text("rev-parse", "HEAD")
        tree = self._tree(contents)
        there = self._remote_commit(remote, branch)
        if there:
            self._network("fetch", "--quiet", "--no-write-fetch-head", "--no-tags", remote, f"refs/heads/{branch}")
            if MARK not in self._text("log", "-1", "--format=%B", there).splitlines():
                raise RefusedError(
                    f"branch {branch} of {remote} ends with a commit that is not ours ({there[:12]})",
                    hint="merge or delete that branch, or choose another one: --push BRANCH",
                )
            parent = self._text("log", "-1", "--format=%P", there)
            if self._text("rev-parse", f"{there}^{{tree}}") == tree and parent == head:
                return Commit(digest=there, branch=branch, is_new=False)
        said = f"{message}\n\n{MARK}\n".encode()
        made = self._text("commit-tree", tree, "-p", head, "-F", "-", stdin=said, variables=_identity(author))
        lease = f"--force-with-lease=refs/heads/{branch}:{there}"
        self._network("push", "--quiet", lease, remote, f"{made}:refs/heads/{branch}")
        return Commit(digest=made, branch=branch)

    def branch(self) -> str:
        """See the port."""
        name = self._text("rev-parse", "--abbrev-ref", "HEAD")
        return "" if name == "HEAD" else name

    def _tree(self, contents: Mapping[str, bytes]) -> str:
        """The last commit's tree with these files in it, made in an index of its own."""
        with tempfile.TemporaryDirectory(prefix="gitless-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self._text("read-tree", "HEAD", variables=index)
            for path, content in contents.items():
                blob = self._text("hash-object", "-w", "--stdin", f"--path={path}", stdin=content)
                mode = self._text("ls-files", "--stage", "--", *_literal([path]), variables=index)[:6] or "100644"
                self._text("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", variables=index)
            return self._text("write-tree", variables=index)

    def _remote_commit(self, remote: str, branch: str) -> str:
        ref = f"refs/heads/{branch}"
        told = self._network("ls-remote", "--quiet", remote, ref).stdout.decode(errors="replace")
        # Git also finds refs whose last parts are the same.
        lines = (line.split("\t") for line in told.splitlines())
        return next((line[0] for line in lines if line[1:] == [ref]), "")

    def _text(self, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> str:
        told = self._run(*arguments, stdin=stdin, variables=variables).stdout
        return told.decode(errors="surrogateescape").rstrip("\n")

    def _network(self, *arguments: str) -> Output:
        # Nobody is there to be asked for a password.
        return self._run(*arguments, variables={"GIT_TERMINAL_PROMPT": "0"}, timeout=_NETWORK_TIMEOUT)

    def _run(self, *arguments: str, **how: Any) -> Output:  # noqa: ANN401 - as Git.run takes it
        try:
            return self._git.run(*arguments, **how)
        except ToolError as error:
            raise ToolError(error.message, hint=error.hint or _hint(arguments[0]), code=error.code) from None


def _identity(author: str) -> dict[str, str]:
    """Whoever is the author commits, too: in CI nobody else is there."""
    if not author:
        return {}
    name, mail = split_author(author)
    return {
        f"GIT_{role}_{field}": text
        for role in ("AUTHOR", "COMMITTER")
        for field, text in (("NAME", name), ("EMAIL", mail))
    }


def _check(remote: str, branch: str) -> None:
    for name, what in ((remote, "remote"), (branch, "branch")):
        if _BRANCH.fullmatch(name) is None or ".." in name:
            raise UsageError(f"'{name}' cannot name a {what}")


def _literal(files: Sequence[str]) -> list[str]:
    """Paths from the root, in which nothing is a pattern."""
    return [f":(top,literal){file}" for file in files]


def _hint(command: str) -> str | None:
    return {
        "commit": "does somebody say who commits? --author 'NAME <MAIL>'",
        "commit-tree": "does somebody say who commits? --author 'NAME <MAIL>'",
        "push": "may this login push there, and is the branch not ahead?",
        "ls-remote": "is the remote reachable, with a login that git knows?",
    }.get(command)
