"""GitHub's REST API as far as comments on a pull request go, by its documentation of version 2022-11-28.

Enforced are: a user agent, a token, the media type, the version, ``per_page`` of at most 100, 65,536 characters in a
comment, that an App's token may not ask who it is, and that a token that may only read writes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.platform.hosting.server import Asked, Reply, page_of

APP_TOKEN = "ghs_" + "A" * 36
"""What a job has as ``GITHUB_TOKEN``."""
READING_TOKEN = "ghs_" + "B" * 36
"""The same in a job for a pull request from a fork."""
USER_TOKEN = "ghp_" + "C" * 36
LOGINS = {APP_TOKEN: "github-actions[bot]", READING_TOKEN: "github-actions[bot]", USER_TOKEN: "robot"}
MAX_BODY = 65_536


@dataclass
class GitHubApi:
    """One repository with one pull request."""

    repository: str = "acme/shop"
    number: int = 7
    comments: list[dict[str, Any]] = field(default_factory=list)

    def write(self, login: str, body: str, *, kind: str = "User") -> int:
        """Somebody writes a comment; its id."""
        found = len(self.comments) + 1001
        self.comments.append({"id": found, "body": body, "user": {"login": login, "type": kind}})
        return found

    @property
    def bodies(self) -> list[str]:
        """What is to be read."""
        return [comment["body"] for comment in self.comments]

    def answer(self, asked: Asked, base: str) -> Reply:
        """By the rules above."""
        refusal = refused(asked)
        if refusal is not None:
            return refusal
        token = asked.headers["authorization"].removeprefix("Bearer ")
        issues = f"/repos/{self.repository}/issues"
        single = re.fullmatch(rf"{re.escape(issues)}/comments/(\d+)", asked.path)
        if asked.path == "/user" and asked.method == "GET":
            if token.startswith("ghs_"):
                return Reply(403, {"message": "Resource not accessible by integration"})
            return Reply(200, {"login": LOGINS[token], "type": "User"})
        if asked.path == f"{issues}/{self.number}/comments" and asked.method == "GET":
            items, headers = page_of(self.comments, asked, base, 30)
            return Reply(200, items, headers)
        if asked.path == f"{issues}/{self.number}/comments" and asked.method == "POST":
            return self._written(asked, token, None)
        if single and asked.method == "PATCH":
            found = next((comment for comment in self.comments if comment["id"] == int(single[1])), None)
            return Reply(404, {"message": "Not Found"}) if found is None else self._written(asked, token, found)
        return Reply(404, {"message": "Not Found"})

    def _written(self, asked: Asked, token: str, found: dict[str, Any] | None) -> Reply:
        if token == READING_TOKEN:
            return Reply(403, {"message": "Resource not accessible by integration"})
        document = asked.json()
        if not isinstance(document, dict):
            return Reply(400, {"message": "Problems parsing JSON"})
        body = document.get("body")
        if not isinstance(body, str) or not body.strip():
            return _invalid("Body can't be blank")
        if len(body.encode("utf-16-le")) // 2 > MAX_BODY:
            return _invalid(f"Body is too long (maximum is {MAX_BODY} characters)")
        if found is not None:
            found["body"] = body
            return Reply(200, found)
        kind = "Bot" if token.startswith("ghs_") else "User"
        self.write(LOGINS[token], body, kind=kind)
        return Reply(201, self.comments[-1])


def refused(asked: Asked) -> Reply | None:
    """The refusal of a request that GitHub takes from nobody."""
    headers = asked.headers
    if not headers.get("user-agent"):
        return Reply(403, {"message": "Request forbidden by administrative rules."})
    if headers.get("authorization", "").removeprefix("Bearer ") not in LOGINS:
        return Reply(401, {"message": "Bad credentials"})
    if headers.get("accept") != "application/vnd.github+json":
        return Reply(415, {"message": f"Unsupported 'Accept' header: {headers.get('accept')}"})
    if headers.get("x-github-api-version") != "2022-11-28":
        return Reply(400, {"message": "Unknown API version"})
    if int(asked.query.get("per_page", 30)) > 100:
        return Reply(422, {"message": "per_page is at most 100"})
    return None


def _invalid(words: str) -> Reply:
    error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": words}
    return Reply(422, {"message": "Validation Failed", "errors": [error]})
