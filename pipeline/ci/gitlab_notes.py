"""A merge request's notes through GitLab's REST API (v4), of gitlab.com or a server of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pipeline.ci.api import Answer, Api
from pipeline.ci.failures import UntoldError
from pipeline.ci.sticky import Comment
from pipeline.ports import Environment

MAX_BODY = 1_000_000
"""Characters of a note."""
_OPEN = re.compile(r"(?P<project>[^!,]+)!(?P<number>\d+)")
_RIGHTS = "the token needs the scope `api`, and its owner the right to comment on this merge request"


def merge_request(environment: Environment) -> tuple[str, str] | None:
    """Project (its number, or its encoded path) and number of the merge request; ``None`` where there is none.

    A pipeline for a branch knows its merge request only where there is exactly one.
    """
    number = environment.get("CI_MERGE_REQUEST_IID", "")
    # From a fork, the merge request belongs to another project than the pipeline.
    project = environment.get("CI_MERGE_REQUEST_PROJECT_ID") or environment.get("CI_PROJECT_ID", "")
    if number.isdigit() and project.isdigit():
        return project, number
    found = _OPEN.fullmatch(environment.get("CI_OPEN_MERGE_REQUESTS", ""))
    return (quote(found["project"], safe=""), found["number"]) if found else None


class MergeRequest:
    """The notes of one merge request."""

    def __init__(self, api: Api, project: str, number: str) -> None:
        self._api = api
        self._path = f"/projects/{project}/merge_requests/{number}/notes"
        self._owner: int | None = None

    def comments(self) -> Iterator[Comment]:
        """All of them, the oldest first.

        Raises:
            UntoldError: they cannot be read.
        """
        owner = self._who()
        for answer in self._api.pages(f"{self._path}?per_page=100&sort=asc&order_by=created_at"):
            _expect(answer, 200, self._api)
            for found in answer.document if isinstance(answer.document, list) else ():
                comment = _note(found, owner)
                if comment is not None:
                    yield comment

    def create(self, body: str) -> None:
        """Write a new one.

        Raises:
            UntoldError: it could not be written.
        """
        _expect(self._api.call("POST", self._path, {"body": body}), 201, self._api)

    def update(self, comment: Comment, body: str) -> bool:
        """Give one another text; False where it is gone.

        Raises:
            UntoldError: it could not be written.
        """
        answer = self._api.call("PUT", f"{self._path}/{comment.id}", {"body": body})
        if answer.status == 404:  # noqa: PLR2004 - not found
            return False
        _expect(answer, 200, self._api)
        return True

    def _who(self) -> int:
        if self._owner is None:
            answer = self._api.call("GET", "/user")
            _expect(answer, 200, self._api)
            number = answer.document.get("id") if isinstance(answer.document, dict) else None
            if not isinstance(number, int):
                raise UntoldError(f"{self._api.host} does not say whose token this is")
            self._owner = number
        return self._owner


def _note(found: Any, owner: int) -> Comment | None:  # noqa: ANN401 - any JSON
    if not isinstance(found, dict) or found.get("system"):
        return None
    number, body, author = found.get("id"), found.get("body"), found.get("author")
    if not isinstance(number, int) or not isinstance(body, str) or not isinstance(author, dict):
        return None
    return Comment(number, body, author.get("id") == owner)


def _expect(answer: Answer, status: int, api: Api) -> None:
    if answer.status == status:
        return
    words = f" ({answer.words})" if answer.words else ""
    hint = {401: "is the token still valid?", 403: _RIGHTS, 404: _RIGHTS}.get(answer.status)
    raise UntoldError(f"{api.host} answers with HTTP {answer.status}{words}", hint=hint)
