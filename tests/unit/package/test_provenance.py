from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pipeline.environment import Provenance, creation_time, detect_provenance, revision_of, without_credentials
from pipeline.errors import ConfigurationError, ToolError, UsageError
from tests.unit.package.conftest import Listener

ONE, TWO = "1" * 40, "2" * 40


def git(answers: Mapping[str, str]) -> object:
    def run(arguments: Sequence[str]) -> str:
        for word, answer in answers.items():
            if word in arguments:
                return answer
        raise ToolError("git failed")

    return run


def detect(variables: Mapping[str, str], answers: Mapping[str, str], listener: Listener | None = None) -> Provenance:
    return detect_provenance(Path(), variables, git(answers), listener or Listener())  # type: ignore[arg-type]


def status(commit: str = ONE, branch: str = "main", *lines: str) -> str:
    return "\n".join((f"# branch.oid {commit}", f"# branch.head {branch}", *lines)) + "\n"


def test_checkout_on_a_branch() -> None:
    answers = {"status": status(), "get-url": "https://user:token@git.test/team/app.git\n"}

    assert detect({}, answers) == Provenance("https://git.test/team/app.git", f"main@sha1:{ONE}")


def test_remote_of_the_upstream_branch_is_the_source() -> None:
    def run(arguments: Sequence[str]) -> str:
        if "status" in arguments:
            return status(ONE, "main", "# branch.upstream fork/main")
        return {"fork": "https://git.test/fork"}[arguments[-1]]

    assert detect_provenance(Path(), {}, run, Listener()).source == "https://git.test/fork"


def test_detached_checkout_is_named_by_its_tag() -> None:
    answers = {"status": status(ONE, "(detached)"), "describe": "v1.2.3\n", "get-url": "git@git.test:team/app.git\n"}

    assert detect({}, answers) == Provenance("git@git.test:team/app.git", f"v1.2.3@sha1:{ONE}")


def test_detached_checkout_without_tag_is_named_by_its_commit() -> None:
    assert detect({}, {"status": status(ONE, "(detached)")}).revision == f"sha1:{ONE}"


def test_repository_without_commits_says_nothing() -> None:
    assert detect({}, {"status": status("(initial)")}) == Provenance()


def test_neither_ci_nor_checkout_says_nothing() -> None:
    assert detect({}, {}) == Provenance()


def test_uncommitted_changes_are_warned_of() -> None:
    listener = Listener()
    detect({}, {"status": status(ONE, "main", "1 .M N... 100644 100644 100644 a b deploy/a.yaml")}, listener)

    assert len(listener.warnings) == 1
    assert ONE[:12] in listener.warnings[0]


SYSTEMS = {
    "github branch": (
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.test",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_REF_NAME": "main",
            "GITHUB_SHA": ONE,
        },
        Provenance("https://github.test/o/r", f"main@sha1:{ONE}"),
    ),
    "github pull request": (
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.test",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_REF_NAME": "12/merge",
            "GITHUB_HEAD_REF": "feature",
            "GITHUB_SHA": ONE,
        },
        Provenance("https://github.test/o/r", f"feature@sha1:{ONE}"),
    ),
    "gitlab": (
        {
            "GITLAB_CI": "true",
            "CI_PROJECT_URL": "https://gitlab.test/g/p",
            "CI_COMMIT_REF_NAME": "main",
            "CI_COMMIT_SHA": ONE,
        },
        Provenance("https://gitlab.test/g/p", f"main@sha1:{ONE}"),
    ),
    "buildkite tag": (
        {
            "BUILDKITE": "true",
            "BUILDKITE_REPO": "git@git.test:o/r.git",
            "BUILDKITE_TAG": "v1",
            "BUILDKITE_BRANCH": "v1",
            "BUILDKITE_COMMIT": ONE,
        },
        Provenance("git@git.test:o/r.git", f"v1@sha1:{ONE}"),
    ),
    "circle": (
        {
            "CIRCLECI": "true",
            "CIRCLE_REPOSITORY_URL": "https://git.test/o/r",
            "CIRCLE_BRANCH": "main",
            "CIRCLE_SHA1": ONE,
        },
        Provenance("https://git.test/o/r", f"main@sha1:{ONE}"),
    ),
    "jenkins": (
        {
            "JENKINS_URL": "https://ci.test",
            "GIT_URL": "https://u:p@git.test/o/r",
            "GIT_BRANCH": "origin/main",
            "GIT_COMMIT": ONE,
        },
        Provenance("https://git.test/o/r", f"main@sha1:{ONE}"),
    ),
    "azure": (
        {
            "TF_BUILD": "True",
            "BUILD_REPOSITORY_URI": "https://org@dev.azure.test/org/_git/r",
            "BUILD_SOURCEBRANCH": "refs/heads/main",
            "BUILD_SOURCEVERSION": ONE,
        },
        Provenance("https://dev.azure.test/org/_git/r", f"main@sha1:{ONE}"),
    ),
    "bitbucket": (
        {
            "BITBUCKET_BUILD_NUMBER": "3",
            "BITBUCKET_GIT_HTTP_ORIGIN": "https://bitbucket.test/o/r",
            "BITBUCKET_BRANCH": "main",
            "BITBUCKET_COMMIT": ONE,
        },
        Provenance("https://bitbucket.test/o/r", f"main@sha1:{ONE}"),
    ),
    "tekton": (
        {"CHAINS_GIT_URL": "https://git.test/o/r", "CHAINS_GIT_COMMIT": ONE},
        Provenance("https://git.test/o/r", f"sha1:{ONE}"),
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_ci_variables_tell_where_there_is_no_checkout(name: str) -> None:
    variables, expected = SYSTEMS[name]

    assert detect(variables, {}) == expected


def test_ci_names_the_branch_of_a_detached_checkout_of_the_same_commit() -> None:
    variables, expected = SYSTEMS["gitlab"]

    assert detect(variables, {"status": status(ONE, "(detached)")}) == expected


def test_a_ci_that_knows_no_branch_leaves_it_to_the_checkout_of_the_same_commit() -> None:
    variables, _ = SYSTEMS["tekton"]
    answers = {"status": status(), "get-url": "https://elsewhere.test/r"}

    assert detect(variables, answers) == Provenance("https://git.test/o/r", f"main@sha1:{ONE}")
    assert detect({**variables, "CHAINS_GIT_URL": ""}, answers).source == "https://elsewhere.test/r"


def test_checkout_of_another_commit_is_believed_before_the_ci() -> None:
    variables, _ = SYSTEMS["gitlab"]
    answers = {"status": status(TWO, "other"), "get-url": "https://git.test/other"}

    assert detect(variables, answers) == Provenance("https://git.test/other", f"other@sha1:{TWO}")


def test_ci_without_a_commit_is_no_witness() -> None:
    assert detect({"BUILDKITE": "true", "BUILDKITE_COMMIT": "HEAD", "BUILDKITE_BRANCH": "main"}, {}) == Provenance()


def test_sha256_repositories_are_named_so() -> None:
    assert revision_of("main", "a" * 64) == f"main@sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://git.test/o/r", "https://git.test/o/r"),
        ("https://token@git.test/o/r", "https://git.test/o/r"),
        ("https://user:pass@git.test/o/r.git", "https://git.test/o/r.git"),
        ("https://user:p%40ss:word@git.test:8443/o/r", "https://git.test:8443/o/r"),
        ("HTTPS://x-access-token:abc@git.test/o/r", "HTTPS://git.test/o/r"),
        ("https://git.test/o/r?private_token=abc#x", "https://git.test/o/r"),
        ("https://u@git.test/o/r?private_token=abc", "https://git.test/o/r"),
        ("ssh://git@git.test/o/r", "ssh://git@git.test/o/r"),
        ("ssh://git:pass@git.test/o/r", "ssh://git@git.test/o/r"),
        ("git@git.test:o/r.git", "git@git.test:o/r.git"),
        ("/srv/git/app.git", "/srv/git/app.git"),
        ("", ""),
    ],
)
def test_credentials_in_urls_are_dropped(url: str, clean: str) -> None:
    assert without_credentials(url) == clean


@pytest.mark.parametrize(
    ("asked", "variables", "time"),
    [
        (None, {}, "1970-01-01T00:00:00Z"),
        (None, {"SOURCE_DATE_EPOCH": "86400"}, "1970-01-02T00:00:00Z"),
        ("epoch", {"SOURCE_DATE_EPOCH": "86400"}, "1970-01-01T00:00:00Z"),
        ("now", {"SOURCE_DATE_EPOCH": "86400"}, "2001-09-09T01:46:40Z"),
        ("2026-01-31T12:00:00+02:00", {}, "2026-01-31T10:00:00Z"),
        ("2026-01-31T12:00:00.5Z", {}, "2026-01-31T12:00:00Z"),
    ],
)
def test_creation_time(asked: str | None, variables: Mapping[str, str], time: str) -> None:
    assert creation_time(asked, variables, lambda: 1_000_000_000.7) == time


@pytest.mark.parametrize("asked", ["yesterday", "2026-01-31", "2026-01-31T12:00:00"])
def test_times_without_zone_or_sense_are_refused(asked: str) -> None:
    with pytest.raises(UsageError, match="not a time"):
        creation_time(asked, {}, lambda: 0)


def test_broken_source_date_epoch_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SOURCE_DATE_EPOCH is 'soon'"):
        creation_time(None, {"SOURCE_DATE_EPOCH": "soon"}, lambda: 0)
