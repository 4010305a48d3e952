"""The one note on a merge request, against a server that enforces what GitLab's REST API documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.model.telling import Told
from tests.integration.ci.conftest import Desk
from tests.platform.certificates import Authority
from tests.platform.hosting import gitlab
from tests.platform.hosting.gitlab import GitLabApi
from tests.platform.hosting.server import Reply, Served, serving

MARK = "<!-- gitless:diff:production -->"


def told(comment: str = "one") -> Told:
    return Told(stage="diff", label="production", comment=comment)


def test_the_first_run_writes_a_note_and_the_next_ones_keep_it_up_to_date(
    in_gitlab: Desk, gitlab_api: GitLabApi, gitlab_served: Served
) -> None:
    for text in ("one", "two", "two"):
        in_gitlab.gitlab().tell(told(text))

    assert gitlab_api.bodies == [f"{MARK}\ntwo"]
    assert [call.partition(" ")[0] for call in gitlab_served.calls if "notes" in call] == [
        "GET", "POST", "GET", "PUT", "GET",
    ]  # fmt: skip
    assert "Warning" not in in_gitlab.said


def test_notes_of_others_and_of_the_system_are_left_alone(in_gitlab: Desk, gitlab_api: GitLabApi) -> None:
    gitlab_api.write(7, f"{MARK}\nmine")
    gitlab_api.write(42, f"{MARK}\nchanged the title", system=True)

    in_gitlab.gitlab().tell(told())

    assert gitlab_api.bodies == [f"{MARK}\nmine", f"{MARK}\nchanged the title", f"{MARK}\none"]


def test_the_note_is_found_on_a_later_page(in_gitlab: Desk, gitlab_api: GitLabApi, gitlab_served: Served) -> None:
    for number in range(150):
        gitlab_api.write(7, f"note {number}")
    gitlab_api.write(42, f"{MARK}\nold")

    in_gitlab.gitlab().tell(told("new"))

    assert gitlab_api.bodies[150:] == [f"{MARK}\nnew"]
    assert [asked.query.get("page", "1") for asked in gitlab_served.asked if asked.query] == ["1", "2"]


def test_without_a_token_the_job_token_is_not_tried_and_the_reason_told(in_gitlab: Desk, gitlab_served: Served) -> None:
    del in_gitlab.environment["GITLESS_GITLAB_TOKEN"]

    in_gitlab.gitlab().tell(told())

    assert "job tokens cannot write notes" in in_gitlab.said
    assert gitlab_served.asked == []


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"GITLESS_GITLAB_TOKEN": "glpat-wrong"}, "HTTP 401 (401 Unauthorized)"),
        ({"GITLESS_GITLAB_TOKEN": gitlab.READING_TOKEN}, "HTTP 403 (403 Forbidden) (the token needs the scope `api`"),
        ({"CI_MERGE_REQUEST_PROJECT_ID": "12"}, "HTTP 404 (404 Not found)"),
        ({"CI_API_V4_URL": "http://gitlab.test/api/v4"}, "is no https:// address of an API"),
        (
            {"CI_API_V4_URL": "https://127.0.0.1:1/api/v4", "CI_SERVER_TLS_CA_FILE": "/nowhere/ca.pem"},
            "/nowhere/ca.pem is no file of certificate authorities",
        ),
    ],
)
def test_what_keeps_us_from_writing_is_a_warning(
    in_gitlab: Desk, gitlab_api: GitLabApi, change: dict[str, str], warning: str
) -> None:
    in_gitlab.environment |= change

    in_gitlab.gitlab().tell(told())

    assert warning in in_gitlab.said
    assert "glpat" not in in_gitlab.said
    assert gitlab_api.notes == []


def test_limits_are_waited_for(in_gitlab: Desk, gitlab_api: GitLabApi, gitlab_served: Served) -> None:
    gitlab_served.troubles.append(Reply(429, None, {"Retry-After": "4", "RateLimit-Reset": "1800000060"}))

    in_gitlab.gitlab().tell(told())

    assert in_gitlab.clock.slept == [4.0]
    assert gitlab_api.bodies == [f"{MARK}\none"]


def test_a_note_longer_than_gitlab_takes_is_not_sent(in_gitlab: Desk, gitlab_served: Served) -> None:
    in_gitlab.gitlab().tell(told("x" * 1_000_000))

    assert "longer than a note may be" in in_gitlab.said
    assert gitlab_served.asked == []


def test_from_a_fork_the_note_goes_to_the_project_of_the_merge_request(in_gitlab: Desk, gitlab_api: GitLabApi) -> None:
    in_gitlab.environment["CI_PROJECT_ID"] = "99"

    in_gitlab.gitlab().tell(told())

    assert len(gitlab_api.notes) == 1


def test_a_pipeline_for_a_branch_finds_its_only_merge_request(in_gitlab: Desk, gitlab_api: GitLabApi) -> None:
    gitlab_api.project = "acme%2Fshop"
    del in_gitlab.environment["CI_MERGE_REQUEST_IID"]
    in_gitlab.environment["CI_OPEN_MERGE_REQUESTS"] = "acme/shop!5"

    in_gitlab.gitlab().tell(told())

    assert len(gitlab_api.notes) == 1


@pytest.mark.parametrize("open_ones", ["", "acme/shop!5,acme/shop!6"])
def test_without_one_merge_request_nobody_is_asked(in_gitlab: Desk, gitlab_served: Served, open_ones: str) -> None:
    del in_gitlab.environment["CI_MERGE_REQUEST_IID"]
    in_gitlab.environment["CI_OPEN_MERGE_REQUESTS"] = open_ones

    in_gitlab.gitlab().tell(told())

    assert "about no merge request" in in_gitlab.said
    assert gitlab_served.asked == []


def test_a_server_of_ones_own_is_trusted_by_its_authority_and_not_without(in_gitlab: Desk, tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "authority")
    api = GitLabApi()
    with serving(api, "/api/v4", authority.server("gitlab", ["127.0.0.1"])) as served:
        in_gitlab.environment["CI_API_V4_URL"] = served.url
        in_gitlab.gitlab().tell(told())
        assert "TLS failed (is its authority among the system's?)" in in_gitlab.said
        assert api.notes == []

        in_gitlab.environment["CI_SERVER_TLS_CA_FILE"] = str(authority.certificate_file)
        in_gitlab.gitlab().tell(told())

    assert api.bodies == [f"{MARK}\none"]
