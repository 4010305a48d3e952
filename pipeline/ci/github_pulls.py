"""Pull requests through GitHub's REST API (2022-11-28), of github.com or an Enterprise server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.ci.api import Api
from pipeline.ci.failures import UntoldError
from pipeline.ci.github import TOKENS
from pipeline.ci.github_comments import headers
from pipeline.ci.proposing import Requests, Terms, told_as_tool
from pipeline.model.documents.untyped import text_at
from pipeline.model.proposing import Proposal, PullRequest
from pipeline.ports import Clock, Environment

_REPOSITORY = re.compile(r"(?P<owner>[\w.-]+)/[\w.-]+")
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


class _Pulls(Requests):
    terms = Terms(
        request="pull request", change="PATCH", body="body", head="head", base="base", number="number", url="html_url",
        longest=(256, 65_536),
    )  # fmt: skip
    hints = _HINTS

    def __init__(self, api: Api, repository: str, owner: str) -> None:
        super().__init__(api, f"/repos/{repository}/pulls")
        self._owner = owner

    def query(self, proposal: Proposal) -> str:
        head = quote(f"{self._owner}:{proposal.branch}", safe="")
        return f"state=open&head={head}&base={quote(proposal.base, safe='')}"

    def branches(self, item: Mapping[str, Any]) -> tuple[object, object]:
        return text_at(item, "head", "ref"), text_at(item, "base", "ref")
