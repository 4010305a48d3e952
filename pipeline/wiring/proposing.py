"""Where changes are committed and proposed."""

from __future__ import annotations

from pathlib import Path

from pipeline.environment import ci_system
from pipeline.errors import ConfigurationError
from pipeline.ports import Committer, Environment, PullRequests
from pipeline.wiring.surroundings import clock


def committer(folder: Path, environment: Environment) -> Committer:
    """The Git work tree around a folder.

    Raises:
        ToolError: git is missing, or the folder is in none.
    """
    from pipeline.checkouts.committing import GitCommitter

    return GitCommitter(folder, environment)


def pull_requests(choice: str, environment: Environment) -> PullRequests:
    """The service that a CI belongs to: ``github``, ``gitlab``, or ``auto`` for what the environment names.

    Raises:
        ConfigurationError: it names none.
    """
    name = ci_system(environment) if choice == "auto" else choice
    if name not in {"github", "gitlab"}:
        named = {"github": "GITHUB_REPOSITORY", "gitlab": "CI_PROJECT_ID"}
        name = next((service for service, variable in named.items() if environment.get(variable)), "")
    if name == "github":
        from pipeline.ci.github_pulls import GitHubPulls

        return GitHubPulls(environment, clock())
    if name == "gitlab":
        from pipeline.ci.gitlab_merge_requests import GitLabMergeRequests

        return GitLabMergeRequests(environment, clock())
    raise ConfigurationError(
        "nothing says where a pull request is to be opened",
        hint="set GITHUB_REPOSITORY and GITHUB_TOKEN, or CI_PROJECT_ID and GITLESS_GITLAB_TOKEN",
    )


def base_branch(environment: Environment) -> str:
    """The branch that the CI runs for; empty where it is none."""
    if environment.get("GITHUB_REF_TYPE") == "branch":
        return environment.get("GITHUB_REF_NAME", "")
    return environment.get("CI_COMMIT_BRANCH") or environment.get("CI_DEFAULT_BRANCH", "")
