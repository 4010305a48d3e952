"""Pull requests through GitHub's REST API (2022-11-28), of github.com or an Enterprise server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.ci.api import Answer, Api
from pipeline.ci.failures import LostAnswerError, UntoldError
from pipeline.ci.github import TOKENS
from pipeline.ci.github_comments import headers
from pipeline.ci.proposing import answered, cut, told_as_tool
from pipeline.model.proposing import Proposal, PullRequest
from pipeline.ports import Clock, Environment

_REPOSITORY = re.compile(r"(?P<owner>[\w.-]+)/[\w.-]+")
_MAX_BODY = 65_536
_HINTS = {
    401: "is the token still valid?",
    403: "give the job `permissions: contents: write` and `pull-requests: write`, and let Actions open pull requests in"
    " the repository's settings",
    404: "may the token see this repository?",
}


class GitHubPulls:
    """The :class:`pipeline.ports.PullRequests` of the repository that the environment names."""

    def __init__(self, environment: Environment, clock: Clock) -> None:
        self._environment = environment
        self._clock = clock

    def put(self, proposal: Proposal) -> PullRequest:
        """See the port."""
        with told_as_tool("the pull request"):
            return self._put(proposal)

    def _put(self, proposal: Proposal) -> PullRequest:
        repository = _REPOSITORY.fullmatch(self._environment.get("GITHUB_REPOSITORY", ""))
        if repository is None:
            raise UntoldError("GITHUB_REPOSITORY names no repository")
        token = next((self._environment[name] for name in TOKENS if self._environment.get(name)), "").strip()
        if not token:
            hint = f"hand it over: `env: GITHUB_TOKEN: ${{{{ github.token }}}}`; or {TOKENS[0]}"
            raise UntoldError("there is no token to open it with", hint=hint)
        base = self._environment.get("GITHUB_API_URL") or "https://api.github.com"
        api = Api(base, headers(token), self._environment, self._clock)
        try:
            return _Pulls(api, repository[0], repository["owner"]).put(proposal)
        finally:
            api.close()


class _Pulls:
    def __init__(self, api: Api, repository: str, owner: str) -> None:
        self._api = api
        self._path = f"/repos/{repository}/pulls"
        self._owner = owner

    def put(self, proposal: Proposal) -> PullRequest:
        content = {"title": cut(proposal.title, 256), "body": cut(proposal.body, _MAX_BODY)}
        found = self._open(proposal)
        if found is not None:
            answer = self._expect(self._api.call("PATCH", f"{self._path}/{found}", content), 200)
            return _read(answer.document, self._api, is_new=False)
        try:
            asked = {**content, "head": proposal.branch, "base": proposal.base}
            answer = self._expect(self._api.call("POST", self._path, asked), 201)
        except LostAnswerError:
            # It may have come to be all the same, and a second one is never wanted.
            if self._open(proposal) is None:
                raise
            return self.put(proposal)
        return _read(answer.document, self._api, is_new=True)

    def _open(self, proposal: Proposal) -> int | None:
        head = quote(f"{self._owner}:{proposal.branch}", safe="")
        query = f"state=open&head={head}&base={quote(proposal.base, safe='')}&per_page=100"
        answer = self._expect(self._api.call("GET", f"{self._path}?{query}"), 200)
        listed = answer.document if isinstance(answer.document, list) else []
        for item in listed:
            if _ref(item, "head") == proposal.branch and _ref(item, "base") == proposal.base:
                number = item.get("number")
                return number if isinstance(number, int) else None
        return None

    def _expect(self, answer: Answer, status: int) -> Answer:
        return answered(answer, status, self._api, _HINTS)


def _ref(item: Any, side: str) -> str:  # noqa: ANN401 - any JSON
    found = item.get(side) if isinstance(item, Mapping) else None
    name = found.get("ref") if isinstance(found, Mapping) else None
    return name if isinstance(name, str) else ""


def _read(document: Any, api: Api, *, is_new: bool) -> PullRequest:  # noqa: ANN401 - any JSON
    number = document.get("number") if isinstance(document, dict) else None
    url = document.get("html_url") if isinstance(document, dict) else None
    if not isinstance(number, int) or not isinstance(url, str):
        raise UntoldError(f"{api.host} does not say which pull request it is")
    return PullRequest(number=number, url=url, is_new=is_new)
