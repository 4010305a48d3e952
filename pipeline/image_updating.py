"""New tags and digests go where they are wanted: into the files, a patch, a commit, or a pull request."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from pipeline import wiring
from pipeline.environment import checkout_root
from pipeline.errors import ConfigurationError, RefusedError, UsageError
from pipeline.model.images.patch import FileChange, patch
from pipeline.model.outcome.images_update import ImagesUpdateResult, change_lines
from pipeline.model.proposing import Proposal
from pipeline.ports import Committer, Environment
from pipeline.whole_files import rewrite

DEFAULT_BRANCH: Final = "gitless/image-updates"
DEFAULT_MESSAGE: Final = "Update images\n\n{changes}"


class Outlet(StrEnum):
    """Where changes go."""

    FILES = "files"
    NOWHERE = "nowhere"
    COMMIT = "commit"
    PULL_REQUEST = "pull request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How they go there.

    Attributes:
        message: of the commit; ``{changes}`` stands for a list of them. Its first line is the pull request's title.
        author: ``NAME <MAIL>``; empty: Git's own.
        branch: where the commit is pushed to; empty: nowhere, or for a pull request the default.
        base: what the pull request is for; empty: the branch that the CI runs for, or the current one.
        ci: whose pull requests: ``auto``, ``github``, ``gitlab``.
    """

    outlet: Outlet = Outlet.FILES
    message: str = DEFAULT_MESSAGE
    author: str = ""
    remote: str = "origin"
    branch: str = ""
    base: str = ""
    ci: str = "auto"


def with_patch(result: ImagesUpdateResult, changes: Mapping[str, FileChange]) -> ImagesUpdateResult:
    """The result with its patch, whose paths begin at the checkout's root, or here where there is none."""
    root = checkout_root(Path.cwd()) or Path.cwd()
    named = {_from(root, file): change for file, change in changes.items()}
    return replace(result, patch=patch(named))


def deliver(
    result: ImagesUpdateResult, changes: Mapping[str, FileChange], delivery: Delivery, environment: Environment
) -> ImagesUpdateResult:
    """Bring the changes where they are wanted; the result with what came of it.

    Raises:
        ConfigurationError: a file cannot be written.
        RefusedError: a file has changes that are not committed, or the branch is somebody else's.
        ToolError: Git or the hosting service refuses.
        UsageError: nothing says for which branch the pull request is.
    """
    if delivery.outlet is Outlet.NOWHERE or not result.is_changed:
        return result
    if delivery.outlet is Outlet.FILES:
        _write(changes)
        return replace(result, is_written=True)
    committer = wiring.committer(Path.cwd(), environment)
    paths = {file: _from(committer.root, file) for file in changes}
    _check_outside(paths)
    if delivery.outlet is Outlet.COMMIT:
        return _commit(result, changes, list(paths.values()), delivery, committer)
    contents = {paths[file]: change.after.encode() for file, change in changes.items()}
    return _propose(result, contents, delivery, committer, environment)


def _write(changes: Mapping[str, FileChange]) -> None:
    for file, change in changes.items():
        rewrite(Path(file), change.after.encode())


def _commit(
    result: ImagesUpdateResult,
    changes: Mapping[str, FileChange],
    paths: list[str],
    delivery: Delivery,
    committer: Committer,
) -> ImagesUpdateResult:
    touched = committer.changed(paths)
    if touched:
        raise RefusedError(
            f"{', '.join(touched[:5])}: there are changes that are not committed, which would go along",
            hint="commit or stash them first",
            code="refused.uncommitted",
        )
    _write(changes)
    commit = committer.commit(paths, _message(result, delivery), delivery.author)
    if delivery.branch:
        commit = committer.push(commit, delivery.remote, delivery.branch)
    return replace(result, is_written=True, commit=commit)


def _propose(
    result: ImagesUpdateResult,
    contents: Mapping[str, bytes],
    delivery: Delivery,
    committer: Committer,
    environment: Environment,
) -> ImagesUpdateResult:
    from pipeline.reports import render_result

    branch = delivery.branch or DEFAULT_BRANCH
    base = delivery.base or wiring.base_branch(environment) or committer.branch()
    if not base or base == branch:
        raise UsageError(f"the pull request of {branch} needs a branch that it is for", hint="name it: --base main")
    service = wiring.pull_requests(delivery.ci, environment)
    message = _message(result, delivery)
    commit = committer.propose(contents, message, delivery.author, delivery.remote, branch)
    title = message.partition("\n")[0]
    body = render_result(result, "markdown")
    opened = service.put(Proposal(branch=branch, base=base, title=title, body=body))
    return replace(result, commit=commit, pull_request=opened)


def _message(result: ImagesUpdateResult, delivery: Delivery) -> str:
    lines = "\n".join(f"- {line}" for line in change_lines(result))
    message = delivery.message.replace("{changes}", lines).strip()
    if not message:
        raise UsageError("--message is empty")
    return message


def _check_outside(paths: Mapping[str, str]) -> None:
    for file, path in paths.items():
        if path.startswith("../") or os.path.isabs(path):  # noqa: PTH117 - a path from Git's root, not of this system
            raise ConfigurationError(f"{file} is outside of the checkout, so it cannot be committed")


def _from(root: Path, file: str) -> str:
    path = Path(file)
    resolved = path.parent.resolve() / path.name
    return os.path.relpath(resolved, root.resolve()).replace(os.sep, "/")
