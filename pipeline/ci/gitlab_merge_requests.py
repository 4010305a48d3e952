"""Merge requests through GitLab's REST API (v4), of gitlab.com or a server of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.ci.failures import UntoldError
from pipeline.ci.gitlab_api import TOKEN, gitlab_api
from pipeline.ci.proposing import Requests, Terms, told_as_tool
from pipeline.model.proposing import Proposal, PullRequest
from pipeline.ports import Clock, Environment

_RIGHTS = "the token needs the scope `api`, and its owner the role Developer in the project"
_HINTS = {401: "is the token still valid?", 403: _RIGHTS, 404: _RIGHTS}


class GitLabMergeRequests:
    """The :class:`pipeline.ports.PullRequests` of the project that the environment names."""

    def __init__(self, environment: Environment, clock: Clock) -> None:
        self._environment = environment
        self._clock = clock

    def put(self, proposal: Proposal) -> PullRequest:
        """See the port."""
        with told_as_tool("the merge request"):
            return self._put(proposal)

    def _put(self, proposal: Proposal) -> PullRequest:
        project, token = self._environment.get("CI_PROJECT_ID", ""), self._environment.get(TOKEN, "").strip()
        if not (project.isascii() and project.isdigit()):
            raise UntoldError("CI_PROJECT_ID names no project")
        if not token:
            hint = f"put a project access token with the scope `api` into {TOKEN}: job tokens cannot open any"
            raise UntoldError("there is no token to open it with", hint=hint)
        api = gitlab_api(token, self._environment, self._clock)
        try:
            return _MergeRequests(api, f"/projects/{project}/merge_requests").put(proposal)
        finally:
            api.close()


class _MergeRequests(Requests):
    terms = Terms(
        request="merge request", change="PUT", body="description", head="source_branch", base="target_branch",
        number="iid", url="web_url", longest=(255, 1_000_000),
    )  # fmt: skip
    hints = _HINTS

    def query(self, proposal: Proposal) -> str:
        source, target = quote(proposal.branch, safe=""), quote(proposal.base, safe="")
        return f"state=opened&source_branch={source}&target_branch={target}"

    def branches(self, item: Mapping[str, Any]) -> tuple[object, object]:
        return item.get("source_branch"), item.get("target_branch")
