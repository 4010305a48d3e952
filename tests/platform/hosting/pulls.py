"""Pull requests of GitHub's REST API (2022-11-28) and merge requests of GitLab's (v4), by their documentation.

Enforced are: tokens and headers as in the fakes beside this one; that a list is filtered by ``head`` only in the form
``OWNER:BRANCH`` (GitHub); that the branch with the change exists; that there is one open request for two branches at
most (422 on GitHub, 409 on GitLab); lengths of titles and texts; and that a token that may only read writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.platform.hosting import github, gitlab
from tests.platform.hosting.server import Asked, Reply, page_of

Exists = Callable[[str], bool]


@dataclass
class Request:
    """One request as both services know it."""

    number: int
    source: str
    target: str
    title: str
    body: str
    is_open: bool = True


def _always(_branch: str) -> bool:
    return True


@dataclass
class _Requests:
    exists: Exists = _always
    requests: list[Request] = field(default_factory=list)

    def open(self, source: str, target: str) -> list[Request]:
        """Those that are open between two branches."""
        found = [request for request in self.requests if request.is_open]
        return [request for request in found if (request.source, request.target) == (source, target)]

    def add(self, source: str, target: str, title: str, body: str) -> Request:
        """A new one."""
        self.requests.append(Request(len(self.requests) + 12, source, target, title, body))
        return self.requests[-1]


@dataclass
class GitHubPullsApi(_Requests):
    """One repository."""

    repository: str = "acme/shop"

    def answer(self, asked: Asked, base: str) -> Reply:
        """By the rules above."""
        refusal = github.refused(asked)
        if refusal is not None:
            return refusal
        pulls = f"/repos/{self.repository}/pulls"
        single = re.fullmatch(rf"{re.escape(pulls)}/(\d+)", asked.path)
        if asked.method in {"POST", "PATCH"} and github.READING_TOKEN in asked.headers["authorization"]:
            return Reply(403, {"message": "Resource not accessible by integration"})
        if asked.path == pulls and asked.method == "GET":
            items, headers = page_of([self._shown(request, base) for request in self._listed(asked)], asked, base, 30)
            return Reply(200, items, headers)
        if asked.path == pulls and asked.method == "POST":
            return self._made(asked.json(), base)
        if single and asked.method == "PATCH":
            found = next((request for request in self.requests if request.number == int(single[1])), None)
            if found is None:
                return Reply(404, {"message": "Not Found"})
            found.title, found.body = asked.json()["title"], asked.json()["body"]
            return Reply(200, self._shown(found, base))
        return Reply(404, {"message": "Not Found"})

    def _listed(self, asked: Asked) -> list[Request]:
        owner, colon, source = asked.query.get("head", "").partition(":")
        found = [request for request in self.requests if request.is_open]
        if colon and owner == self.repository.partition("/")[0]:
            found = [request for request in found if request.source == source]
        target = asked.query.get("base")
        return [request for request in found if target in (None, request.target)]

    def _made(self, document: dict[str, Any], base: str) -> Reply:
        source, target, title = document["head"], document["base"], document["title"]
        if self.open(source, target):
            words = f"A pull request already exists for {self.repository.partition('/')[0]}:{source}."
            return Reply(422, {"message": "Validation Failed", "errors": [{"message": words}]})
        if not self.exists(source) or len(title) > 256 or len(document["body"]) > github.MAX_BODY:
            return Reply(422, {"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}]})
        return Reply(201, self._shown(self.add(source, target, title, document["body"]), base))

    def _shown(self, request: Request, base: str) -> dict[str, Any]:
        return {
            "number": request.number,
            "html_url": f"{base}/{self.repository}/pull/{request.number}",
            "state": "open" if request.is_open else "closed",
            "title": request.title,
            "body": request.body,
            "head": {"ref": request.source},
            "base": {"ref": request.target},
        }


@dataclass
class GitLabMergeRequestsApi(_Requests):
    """One project."""

    project: str = "11"

    def answer(self, asked: Asked, base: str) -> Reply:
        """By the rules above."""
        token = asked.headers.get("private-token", "")
        if token not in gitlab.OWNERS:
            return Reply(401, {"message": "401 Unauthorized"})
        if asked.method in {"POST", "PUT"} and token == gitlab.READING_TOKEN:
            return Reply(403, {"message": "403 Forbidden"})
        requests = f"/projects/{self.project}/merge_requests"
        single = re.fullmatch(rf"{re.escape(requests)}/(\d+)", asked.path)
        if asked.path == requests and asked.method == "GET":
            found = [request for request in self.requests if request.is_open or asked.query.get("state") != "opened"]
            for name, attribute in (("source_branch", "source"), ("target_branch", "target")):
                wanted = asked.query.get(name)
                found = [request for request in found if wanted in (None, getattr(request, attribute))]
            items, headers = page_of([self._shown(request, base) for request in found], asked, base, 20)
            return Reply(200, items, headers)
        if asked.path == requests and asked.method == "POST":
            return self._made(asked.json(), base)
        if single and asked.method == "PUT":
            one = next((request for request in self.requests if request.number == int(single[1])), None)
            if one is None:
                return Reply(404, {"message": "404 Not found"})
            one.title, one.body = asked.json()["title"], asked.json()["description"]
            return Reply(200, self._shown(one, base))
        return Reply(404, {"message": "404 Not found"})

    def _made(self, document: dict[str, Any], base: str) -> Reply:
        source, target, title = document["source_branch"], document["target_branch"], document["title"]
        there = self.open(source, target)
        if there:
            words = f"Another open merge request already exists for this source branch: !{there[0].number}"
            return Reply(409, {"message": [words]})
        if not self.exists(source) or len(title) > 255:
            return Reply(400, {"message": "source_branch is invalid"})
        return Reply(201, self._shown(self.add(source, target, title, document["description"]), base))

    def _shown(self, request: Request, base: str) -> dict[str, Any]:
        return {
            "iid": request.number,
            "id": 9000 + request.number,
            "web_url": f"{base}/acme/shop/-/merge_requests/{request.number}",
            "state": "opened" if request.is_open else "closed",
            "title": request.title,
            "description": request.body,
            "source_branch": request.source,
            "target_branch": request.target,
        }
