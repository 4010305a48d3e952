"""Merge requests through GitLab's REST API (v4), of gitlab.com or a server of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.ci.api import Answer, Api
from pipeline.ci.failures import LostAnswerError, UntoldError
from pipeline.ci.gitlab import TOKEN
from pipeline.ci.proposing import answered, cut, told_as_tool
from pipeline.model.proposing import Proposal, PullRequest
from pipeline.ports import Clock, Environment

_MAX_BODY = 1_000_000
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
        api = Api(
            self._environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4",
            {"PRIVATE-TOKEN": token, "Accept": "application/json"}, self._environment, self._clock,
            ca_file=self._environment.get("CI_SERVER_TLS_CA_FILE", ""),
            may_be_plain=self._environment.get("CI_SERVER_PROTOCOL") == "http",
        )  # fmt: skip
        try:
            return _MergeRequests(api, project).put(proposal)
        finally:
            api.close()


class _MergeRequests:
    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._path = f"/projects/{project}/merge_requests"

    def put(self, proposal: Proposal) -> PullRequest:
        content = {"title": cut(proposal.title, 255), "description": cut(proposal.body, _MAX_BODY)}
        found = self._open(proposal)
        if found is not None:
            answer = self._expect(self._api.call("PUT", f"{self._path}/{found}", content), 200)
            return _read(answer.document, self._api, is_new=False)
        try:
            asked = {**content, "source_branch": proposal.branch, "target_branch": proposal.base}
            answer = self._expect(self._api.call("POST", self._path, asked), 201)
        except LostAnswerError:
            if self._open(proposal) is None:
                raise
            return self.put(proposal)
        return _read(answer.document, self._api, is_new=True)

    def _open(self, proposal: Proposal) -> int | None:
        source, target = quote(proposal.branch, safe=""), quote(proposal.base, safe="")
        query = f"state=opened&source_branch={source}&target_branch={target}&per_page=100"
        answer = self._expect(self._api.call("GET", f"{self._path}?{query}"), 200)
        for item in answer.document if isinstance(answer.document, list) else ():
            branches = (
                (item.get("source_branch"), item.get("target_branch")) if isinstance(item, Mapping) else (None, None)
            )
            if branches == (proposal.branch, proposal.base):
                number = item.get("iid")
                return number if isinstance(number, int) else None
        return None

    def _expect(self, answer: Answer, status: int) -> Answer:
        return answered(answer, status, self._api, _HINTS)


def _read(document: Any, api: Api, *, is_new: bool) -> PullRequest:  # noqa: ANN401 - any JSON
    number = document.get("iid") if isinstance(document, dict) else None
    url = document.get("web_url") if isinstance(document, dict) else None
    if not isinstance(number, int) or not isinstance(url, str):
        raise UntoldError(f"{api.host} does not say which merge request it is")
    return PullRequest(number=number, url=url, is_new=is_new)
