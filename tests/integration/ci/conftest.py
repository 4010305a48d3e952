from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.ci.github import GitHub
from pipeline.ci.gitlab import GitLab
from pipeline.reports.console import Console
from pipeline.testing.clock import MemoryClock
from tests.platform.hosting import github, gitlab
from tests.platform.hosting.server import Served, serving


@dataclass
class Desk:
    """A CI's variables, and what was logged."""

    environment: dict[str, str]
    log: io.StringIO = field(default_factory=io.StringIO)
    clock: MemoryClock = field(default_factory=MemoryClock)

    @property
    def reporter(self) -> Console:
        return Console(self.log, verbose=True, environment={})

    @property
    def said(self) -> str:
        return self.log.getvalue()

    def github(self) -> GitHub:
        return GitHub(self.environment, self.reporter, self.clock, self.log)

    def gitlab(self) -> GitLab:
        return GitLab(self.environment, self.reporter, self.clock, self.log)


@pytest.fixture
def github_api() -> github.GitHubApi:
    return github.GitHubApi()


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise"])
def github_served(request: pytest.FixtureRequest, github_api: github.GitHubApi) -> Iterator[Served]:
    with serving(github_api, request.param) as served:
        yield served


@pytest.fixture
def in_github(github_served: Served, tmp_path: Path) -> Desk:
    """A job for pull request 7."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    return Desk(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github_served.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GITHUB_OUTPUT": str(tmp_path / "outputs"),
            "GITHUB_WORKSPACE": str(tmp_path),
            "GITHUB_TOKEN": github.APP_TOKEN,
        }
    )


@pytest.fixture
def gitlab_api() -> gitlab.GitLabApi:
    return gitlab.GitLabApi()


@pytest.fixture
def gitlab_served(gitlab_api: gitlab.GitLabApi) -> Iterator[Served]:
    with serving(gitlab_api, "/api/v4") as served:
        yield served


@pytest.fixture
def in_gitlab(gitlab_served: Served, tmp_path: Path) -> Desk:
    """A job for merge request 5."""
    return Desk(
        {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": gitlab_served.url,
            "CI_PROJECT_ID": "11",
            "CI_MERGE_REQUEST_IID": "5",
            "CI_MERGE_REQUEST_PROJECT_ID": "11",
            "CI_PROJECT_DIR": str(tmp_path),
            "CI_JOB_TOKEN": "glcbt-" + "F" * 20,
            "GITLESS_GITLAB_TOKEN": gitlab.TOKEN,
            "GITLESS_CI_DIR": "reports",
        }
    )
