"""What every hosting service does with a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from pipeline import wiring
from pipeline.errors import ToolError
from pipeline.model.proposing import Proposal
from pipeline.ports import PullRequests
from tests.platform.hosting import github, gitlab
from tests.platform.hosting.pulls import GitHubPullsApi, GitLabMergeRequestsApi
from tests.platform.hosting.server import Asked, Reply, Served, serving

PROPOSAL = Proposal(branch="gitless/image-updates", base="main", title="Update images", body="* web")


@dataclass(frozen=True)
class Hosted:
    """A service, how it is served, and the environment that names it."""

    api: GitHubPullsApi | GitLabMergeRequestsApi
    served: Served
    environment: Mapping[str, str]
    secret: str
    reading: Mapping[str, str]
    make: str

    def open(self, **changes: str) -> PullRequests:
        return wiring.pull_requests("auto", {**self.environment, **changes})


@pytest.fixture(params=["github", "gitlab"])
def hosted(request: pytest.FixtureRequest) -> Iterator[Hosted]:
    api = GitHubPullsApi() if request.param == "github" else GitLabMergeRequestsApi()
    with serving(api, "/api") as served:
        if isinstance(api, GitHubPullsApi):
            environment = {
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": served.url,
                "GITHUB_REPOSITORY": "acme/shop",
                "GITHUB_TOKEN": github.APP_TOKEN,
            }
            reading = {"GITHUB_TOKEN": github.READING_TOKEN}
            yield Hosted(api, served, environment, github.APP_TOKEN, reading, "POST /repos/acme/shop/pulls")
        else:
            environment = {
                "GITLAB_CI": "true",
                "CI_API_V4_URL": served.url,
                "CI_PROJECT_ID": "11",
                "GITLESS_GITLAB_TOKEN": gitlab.TOKEN,
            }
            reading = {"GITLESS_GITLAB_TOKEN": gitlab.READING_TOKEN}
            yield Hosted(api, served, environment, gitlab.TOKEN, reading, "POST /projects/11/merge_requests")


def test_it_is_opened_once_and_then_updated(hosted: Hosted) -> None:
    first = hosted.open().put(PROPOSAL)
    second = hosted.open().put(Proposal(branch=PROPOSAL.branch, base="main", title="New", body="* api"))

    assert (first.number, first.is_new, second.is_new) == (second.number, True, False)
    assert first.url.endswith(str(first.number))
    [request] = hosted.api.requests
    assert (request.title, request.body, request.source, request.target) == ("New", "* api", PROPOSAL.branch, "main")
    assert hosted.served.calls.count(hosted.make) == 1


def test_what_is_closed_or_for_other_branches_is_left_alone(hosted: Hosted) -> None:
    hosted.api.add(PROPOSAL.branch, "main", "closed", "").is_open = False
    hosted.api.add(PROPOSAL.branch, "release", "other base", "")
    hosted.api.add("feature", "main", "other branch", "")

    assert hosted.open().put(PROPOSAL).is_new
    assert [request.title for request in hosted.api.requests] == [
        "closed",
        "other base",
        "other branch",
        "Update images",
    ]


def test_a_lost_answer_never_makes_a_second_one(hosted: Hosted) -> None:
    # The list is answered; then the request is carried out, and its answer is lost.
    original = hosted.api.answer
    lost: list[Asked] = []

    def losing(asked: Asked, base: str) -> Reply:
        reply = original(asked, base)
        if asked.method == "POST" and not lost:
            lost.append(asked)
            return Reply(502, {"message": "Bad Gateway"})
        return reply

    hosted.api.answer = losing  # type: ignore[method-assign]

    opened = hosted.open().put(PROPOSAL)

    assert len(hosted.api.requests) == 1
    assert opened.number == hosted.api.requests[0].number


def test_a_refusal_is_told_without_the_token(hosted: Hosted) -> None:
    with pytest.raises(ToolError, match=r"not be opened or updated: 127\.0\.0\.1:.* answers with HTTP 403") as caught:
        hosted.open(**hosted.reading).put(PROPOSAL)

    assert caught.value.hint
    assert "glpat" not in caught.value.message
    assert "ghs_" not in caught.value.message
    assert hosted.api.requests == []


def test_long_texts_are_cut_to_what_the_service_takes(hosted: Hosted) -> None:
    hosted.open().put(Proposal(branch="b", base="main", title="t" * 300, body="x" * 70_000))

    [request] = hosted.api.requests
    assert len(request.title) in {255, 256}


def test_without_a_token_nothing_is_sent(hosted: Hosted) -> None:
    name = next(key for key, value in hosted.environment.items() if value == hosted.secret)

    with pytest.raises(ToolError, match="there is no token"):
        hosted.open(**{name: ""}).put(PROPOSAL)

    assert hosted.served.calls == []
