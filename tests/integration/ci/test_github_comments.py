"""The one comment on a pull request, against a server that enforces what GitHub's REST API documents."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.ci import api
from pipeline.model.telling import Told
from tests.integration.ci.conftest import Desk
from tests.platform.hosting import github
from tests.platform.hosting.github import GitHubApi
from tests.platform.hosting.server import Asked, Reply, Served, serving

MARK = "<!-- gitless:diff:production -->"
BOT = "github-actions[bot]"


def told(comment: str = "one", *, label: str = "production", stage: str = "diff") -> Told:
    return Told(stage=stage, label=label, comment=comment)


def test_the_first_run_writes_a_comment_and_the_next_ones_keep_it_up_to_date(
    in_github: Desk, github_api: GitHubApi, github_served: Served
) -> None:
    in_github.github().tell(told("one"))
    in_github.github().tell(told("two"))
    in_github.github().tell(told("two"))

    assert github_api.bodies == [f"{MARK}\ntwo"]
    assert [call.partition(" ")[0] for call in github_served.calls if "comments" in call] == [
        "GET", "POST", "GET", "PATCH", "GET",
    ]  # fmt: skip
    assert "Warning" not in in_github.said


def test_every_stage_and_label_has_a_comment_of_its_own(in_github: Desk, github_api: GitHubApi) -> None:
    presence = in_github.github()
    for stage, label in (("diff", "production"), ("diff", "staging"), ("plan", "production")):
        presence.tell(told(label=label, stage=stage))

    assert len(github_api.comments) == 3


def test_a_label_cannot_end_the_mark(in_github: Desk, github_api: GitHubApi) -> None:
    for _ in range(2):
        in_github.github().tell(told(label="a --> @everyone\n<b>"))

    assert len(github_api.comments) == 1
    assert github_api.bodies[0].splitlines()[0] == "<!-- gitless:diff:a %2D%2D%3E %40everyone%0A%3Cb%3E -->"


@pytest.mark.parametrize("token", [github.APP_TOKEN, github.USER_TOKEN])
def test_a_comment_by_somebody_else_is_left_alone_whatever_it_begins_with(
    in_github: Desk, github_api: GitHubApi, token: str
) -> None:
    github_api.write("mallory", f"{MARK}\nmine")
    in_github.environment["GITHUB_TOKEN"] = token

    for text in ("one", "two"):
        in_github.github().tell(told(text))

    assert github_api.bodies == [f"{MARK}\nmine", f"{MARK}\ntwo"]


def test_a_mark_inside_of_another_comment_is_none(in_github: Desk, github_api: GitHubApi) -> None:
    github_api.write(BOT, f"<!-- gitless:plan:production -->\n```\n{MARK}\n```", kind="Bot")

    in_github.github().tell(told())

    assert len(github_api.comments) == 2
    assert github_api.bodies[0].startswith("<!-- gitless:plan")


def test_the_comment_is_found_on_a_later_page(in_github: Desk, github_api: GitHubApi, github_served: Served) -> None:
    for number in range(250):
        github_api.write("alice", f"comment {number}")
    github_api.write(BOT, f"{MARK}\nold", kind="Bot")

    in_github.github().tell(told("new"))

    assert github_api.bodies[250:] == [f"{MARK}\nnew"]
    pages = [asked.query.get("page", "1") for asked in github_served.asked if asked.query]
    assert pages == ["1", "2", "3"]


def test_a_comment_that_is_deleted_meanwhile_is_written_anew(in_github: Desk, github_api: GitHubApi) -> None:
    gone = github_api.write(BOT, f"{MARK}\nold", kind="Bot")

    class Deleting(GitHubApi):
        def answer(self, asked: Asked, base: str) -> Reply:
            if asked.method == "PATCH":
                self.comments = [comment for comment in self.comments if comment["id"] != gone]
            return super().answer(asked, base)

    found = Deleting(comments=list(github_api.comments))
    with serving(found) as served:
        in_github.environment["GITHUB_API_URL"] = served.url
        in_github.github().tell(told("new"))

    assert found.bodies == [f"{MARK}\nnew"]


def test_a_token_that_may_not_comment_leaves_the_summary_and_says_what_it_takes(
    in_github: Desk, github_api: GitHubApi
) -> None:
    in_github.environment["GITHUB_TOKEN"] = github.READING_TOKEN

    in_github.github().tell(Told(stage="diff", summary="# all of it\n", comment="one"))

    assert github_api.comments == []
    assert "Warning: the pull request has no comment" in in_github.said
    assert "HTTP 403 (Resource not accessible by integration)" in in_github.said
    assert "pull-requests: write" in in_github.said
    assert "forks" in in_github.said
    assert "all of it" in Path(in_github.environment["GITHUB_STEP_SUMMARY"]).read_text()
    assert github.READING_TOKEN not in in_github.said


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"GITHUB_TOKEN": "ghs_wrong"}, "HTTP 401 (Bad credentials)"),
        ({"GITHUB_TOKEN": ""}, "there is no token to write it with (hand it over"),
        ({"GITHUB_REPOSITORY": "acme/other"}, "HTTP 404 (Not Found)"),
        ({"GITHUB_REPOSITORY": "../../etc"}, "GITHUB_REPOSITORY names no repository"),
        ({"GITHUB_API_URL": "http://api.github.test"}, "is no https:// address of an API"),
        ({"GITHUB_API_URL": "https://user:password@api.github.test"}, "is no https:// address of an API"),
        ({"GITHUB_API_URL": "nonsense"}, "is no https:// address of an API"),
    ],
)
def test_what_keeps_us_from_commenting_is_a_warning(
    in_github: Desk, github_api: GitHubApi, change: dict[str, str], warning: str
) -> None:
    in_github.environment |= change

    in_github.github().tell(told())

    assert warning in in_github.said
    assert github_api.comments == []


def test_nobody_there_is_a_warning(in_github: Desk) -> None:
    in_github.environment["GITHUB_API_URL"] = "http://127.0.0.1:1"

    in_github.github().tell(told())

    assert "127.0.0.1:1 does not answer" in in_github.said
    assert sum(in_github.clock.slept) <= 30


def test_a_comment_longer_than_github_takes_is_not_sent(in_github: Desk, github_served: Served) -> None:
    in_github.github().tell(told("\N{PILE OF POO}" * 33_000))

    assert "longer than a comment may be" in in_github.said
    assert github_served.asked == []


def test_the_longest_comment_that_github_takes_is_taken(in_github: Desk, github_api: GitHubApi) -> None:
    in_github.github().tell(told("x" * (65_536 - len(MARK) - 1)))

    assert len(github_api.bodies[0]) == 65_536


@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        (Reply(429, {"message": "slow down"}, {"Retry-After": "3"}), [3.0]),
        (Reply(403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "2"}), [2.0]),
        (
            Reply(403, {"message": "API rate limit exceeded"},
                  {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000009"}),
            [9.0],
        ),
    ],
)  # fmt: skip
def test_limits_are_waited_for(in_github: Desk, github_api: GitHubApi, github_served: Served, trouble: Reply,
                               waits: list[float]) -> None:  # fmt: skip
    github_served.troubles.append(trouble)

    in_github.github().tell(told())

    assert in_github.clock.slept == waits
    assert github_api.bodies == [f"{MARK}\none"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(
    in_github: Desk, github_api: GitHubApi, github_served: Served, status: int
) -> None:
    github_served.troubles += [Reply(status)] * 2

    in_github.github().tell(told())

    assert len(in_github.clock.slept) == 2
    assert github_api.bodies == [f"{MARK}\none"]


def test_a_limit_that_lasts_longer_than_this_is_worth_is_a_warning(
    in_github: Desk, github_api: GitHubApi, github_served: Served
) -> None:
    github_served.troubles += [Reply(429, {"message": "API rate limit exceeded"}, {"Retry-After": "3600"})] * 2

    in_github.github().tell(told())

    assert in_github.clock.slept == []
    assert "HTTP 429 (API rate limit exceeded)" in in_github.said
    assert github_api.comments == []


def test_a_lost_answer_does_not_make_a_second_comment(
    in_github: Desk, github_api: GitHubApi, github_served: Served
) -> None:
    class Breaking(GitHubApi):
        def answer(self, asked: Asked, base: str) -> Reply:
            reply = super().answer(asked, base)
            return Reply(0, cuts_off=True) if asked.method == "POST" else reply

    found = Breaking()
    with serving(found) as served:
        in_github.environment["GITHUB_API_URL"] = served.url
        in_github.github().tell(told())

    assert found.bodies == [f"{MARK}\none"]
    assert "Warning" not in in_github.said
    assert served.calls.count("POST /repos/acme/shop/issues/7/comments") == 1


def test_a_next_page_on_another_host_gets_no_token(in_github: Desk, github_served: Served) -> None:
    with serving(GitHubApi()) as other:
        link = f'<{other.url}/steal?page=2>; rel="next"'
        github_served.troubles += [Reply(403, {"message": "an App"}), Reply(200, [], {"Link": link})]
        in_github.github().tell(told())

        assert other.asked == []
    assert "points to another host, which the token is not for" in in_github.said


def test_a_repository_that_was_renamed_is_found_and_another_host_is_not(
    in_github: Desk, github_api: GitHubApi, github_served: Served
) -> None:
    place = f"{github_served.url}/repos/acme/shop/issues/7/comments?per_page=100"
    github_served.troubles += [Reply(403, {"message": "an App"}), Reply(301, None, {"Location": place})]
    in_github.github().tell(told())

    assert github_api.bodies == [f"{MARK}\none"]

    github_served.troubles += [Reply(302, None, {"Location": "https://elsewhere.test/user"})]
    in_github.github().tell(told("two"))

    assert "another host" in in_github.said
    assert github_api.bodies == [f"{MARK}\none"]


@pytest.mark.parametrize("answer", [Reply(200, {"login": ["odd"]}), Reply(200, "text"), Reply(200, None)])
def test_answers_of_an_odd_shape_break_nothing(
    in_github: Desk, github_api: GitHubApi, github_served: Served, answer: Reply
) -> None:
    github_served.troubles += [answer, Reply(200, [None, {"id": "x"}, {"id": 1, "body": None, "user": {}}])]

    in_github.github().tell(told())

    assert github_api.bodies == [f"{MARK}\none"]


@pytest.mark.parametrize(
    ("event", "ref"),
    [
        ({"pull_request": {"number": 7}}, ""),
        ({"issue": {"number": 7, "pull_request": {"url": "x"}}}, ""),
        ({"workflow_run": {"pull_requests": [{"number": 7}]}}, "refs/heads/main"),
        ({}, "refs/pull/7/merge"),
        (None, "refs/pull/7/head"),
        ([], "refs/pull/7/merge"),
        ({"pull_request": {"number": "7; rm"}}, "refs/pull/7/merge"),
    ],
)
def test_the_pull_request_is_found_by_event_or_ref(
    in_github: Desk, github_api: GitHubApi, event: object, ref: str
) -> None:
    file = Path(in_github.environment["GITHUB_EVENT_PATH"])
    file.write_text("{" if event is None else json.dumps(event))
    in_github.environment["GITHUB_REF"] = ref

    in_github.github().tell(told())

    assert github_api.bodies == [f"{MARK}\none"]


@pytest.mark.parametrize("event", [{}, {"issue": {"number": 7}}, {"workflow_run": {"pull_requests": []}}])
def test_a_run_about_no_pull_request_says_so_and_asks_nobody(
    in_github: Desk, github_served: Served, event: object
) -> None:
    Path(in_github.environment["GITHUB_EVENT_PATH"]).write_text(json.dumps(event))

    in_github.github().tell(told())

    assert "about no pull request" in in_github.said
    assert github_served.asked == []


def test_our_own_token_goes_before_the_jobs_and_is_masked_before_it_is_used(
    in_github: Desk, github_api: GitHubApi
) -> None:
    in_github.environment["GITLESS_GITHUB_TOKEN"] = github.USER_TOKEN

    presence = in_github.github()
    presence.tell(told())
    presence.tell(told("two"))

    assert in_github.said.splitlines()[0] == f"::add-mask::{github.USER_TOKEN}"
    assert in_github.said.count(github.USER_TOKEN) == 1
    assert github_api.comments[0]["user"]["login"] == "robot"


def test_the_request_goes_through_the_proxy_that_the_environment_names(in_github: Desk) -> None:
    in_github.environment |= {"GITHUB_API_URL": "https://api.github.test", "HTTPS_PROXY": "http://127.0.0.1:1"}

    in_github.github().tell(told())

    assert "api.github.test does not answer (are HTTPS_PROXY and NO_PROXY right?)" in in_github.said
    assert urlsplit(in_github.environment["GITHUB_API_URL"]).hostname == "api.github.test"


def test_a_server_that_never_answers_is_given_up(in_github: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    class Hanging(GitHubApi):
        def answer(self, asked: Asked, base: str) -> Reply:
            over.wait()
            return super().answer(asked, base)

    monkeypatch.setattr(api, "_READ_TIMEOUT", 0.05)
    with serving(Hanging()) as served:
        in_github.environment["GITHUB_API_URL"] = served.url
        in_github.github().tell(told())
        over.set()

    assert "does not answer" in in_github.said
    assert len(served.asked) == 2
