"""A pull request's comments through GitHub's REST API (2022-11-28), of github.com or an Enterprise server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.ci.api import Answer, Api
from pipeline.ci.failures import UntoldError
from pipeline.ci.sticky import Comment
from pipeline.model.telling import Told
from pipeline.ports import Environment

MAX_BODY = 65_536
"""Characters of a comment; GitHub refuses longer ones with 422."""
_VERSION = "2022-11-28"
_MAX_EVENT = 32 * 1024 * 1024
_REF = re.compile(r"refs/pull/(\d+)/(?:merge|head)")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_PERMISSIONS = "give the job `permissions: pull-requests: write`; jobs for pull requests from forks never have it"


def headers(token: str) -> dict[str, str]:
    """What every request carries."""
    return {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X-GitHub-Api-Version": _VERSION,
    }


def pull_request(environment: Environment) -> int | None:
    """Which pull request the run is about, by its event or its ref; ``None`` where it is about none."""
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    for found in (event.get("pull_request"), _commented(event), _followed(event)):
        number = found.get("number") if isinstance(found, dict) else None
        if isinstance(number, int) and number > 0:
            return number
    ref = _REF.fullmatch(environment.get("GITHUB_REF", ""))
    return int(ref[1]) if ref else None


def _commented(event: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever the event holds
    issue = event.get("issue")
    return issue if isinstance(issue, dict) and issue.get("pull_request") else None


def _followed(event: dict[str, Any]) -> Any:  # noqa: ANN401 - the same
    run = event.get("workflow_run")
    found = run.get("pull_requests") if isinstance(run, dict) else None
    return found[0] if isinstance(found, list) and len(found) == 1 else None


def _event(file: str) -> dict[str, Any]:
    try:
        with Path(file).open("rb") as stream:
            event = json.loads(stream.read(_MAX_EVENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


class PullRequest:
    """The comments of one pull request, which are those of the issue of its number."""

    def __init__(self, api: Api, environment: Environment, number: int) -> None:
        """Nothing is sent yet.

        Raises:
            UntoldError: the environment does not name the repository.
        """
        repository = environment.get("GITHUB_REPOSITORY", "")
        if _REPOSITORY.fullmatch(repository) is None:
            raise UntoldError("GITHUB_REPOSITORY names no repository")
        self._api = api
        self._path = f"/repos/{repository}/issues"
        self._number = number
        self._login: str | None = None

    def comments(self) -> Iterator[Comment]:
        """All of them, the oldest first.

        Raises:
            UntoldError: they cannot be read.
        """
        login = self._who()
        for answer in self._api.pages(f"{self._path}/{self._number}/comments?per_page=100"):
            _expect(answer, 200, self._api)
            for found in answer.document if isinstance(answer.document, list) else ():
                comment = _comment(found, login)
                if comment is not None:
                    yield comment

    def create(self, body: str) -> None:
        """Write a new one.

        Raises:
            UntoldError: it could not be written.
        """
        _expect(self._api.call("POST", f"{self._path}/{self._number}/comments", {"body": body}), 201, self._api)

    def update(self, comment: Comment, body: str) -> bool:
        """Give one another text; False where it is gone.

        Raises:
            UntoldError: it could not be written.
        """
        answer = self._api.call("PATCH", f"{self._path}/comments/{comment.id}", {"body": body})
        if answer.status in {404, 410}:
            return False
        _expect(answer, 200, self._api)
        return True

    def _who(self) -> str:
        """Whose token it is: a user's name; empty for an App's (such as the job's own), which may not ask that."""
        if self._login is None:
            answer = self._api.call("GET", "/user")
            if answer.status not in {200, 403, 404}:
                _expect(answer, 200, self._api)
            named = answer.document.get("login") if isinstance(answer.document, dict) else None
            self._login = named if answer.status == 200 and isinstance(named, str) else ""  # noqa: PLR2004 - OK
        return self._login


def fits(told: Told, mark: str) -> bool:
    """Whether GitHub takes the comment."""
    return len(mark) + 1 + len(told.comment.encode("utf-16-le", "backslashreplace")) // 2 <= MAX_BODY


def _comment(found: Any, login: str) -> Comment | None:  # noqa: ANN401 - any JSON
    if not isinstance(found, dict):
        return None
    number, body, user = found.get("id"), found.get("body"), found.get("user")
    if not isinstance(number, int) or not isinstance(body, str) or not isinstance(user, dict):
        return None
    # People cannot write as an App, and an App's token cannot say which App it is.
    is_own = user.get("login") == login if login else user.get("type") == "Bot"
    return Comment(number, body, is_own)


def _expect(answer: Answer, status: int, api: Api) -> None:
    if answer.status == status:
        return
    words = f" ({answer.words})" if answer.words else ""
    message = f"{api.host} answers with HTTP {answer.status}{words}"
    is_limit = "rate limit" in answer.words.lower() or answer.status == 429  # noqa: PLR2004 - too many requests
    hint = (
        None
        if is_limit
        else {401: "is the token still valid?", 403: _PERMISSIONS, 404: _PERMISSIONS}.get(answer.status)
    )
    raise UntoldError(message, hint=hint)
