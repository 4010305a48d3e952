"""Logins by the token that a job has anyway: GitHub's and GitLab's registries."""

from __future__ import annotations

import importlib.util
import os

import pytest

from tests.integration.identities.conftest import Gitless, Scene, hidden, set_variables, shown

pytestmark = pytest.mark.registry
TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_TOKEN": TOKEN}
GITLAB = {"GITLAB_CI": "true", "CI_REGISTRY": "registry.gitlab.test", "CI_JOB_TOKEN": TOKEN}


def taken(scene: Scene) -> str:
    return scene.tokens.token_requests[-1].account


def test_a_github_job_lists_by_its_token(scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, GITHUB)
    scene.accept(lambda user, password: (user, password) == ("octocat", TOKEN))

    outcome = gitless("list", "oci://ghcr.io/acme/shop", "--provider", "github", "-v")

    assert outcome.code == 0, outcome.err
    assert taken(scene) == "octocat"
    assert TOKEN in hidden(outcome)
    assert TOKEN not in shown(outcome)


def test_a_token_for_gitless_comes_before_the_jobs(
    scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, {**GITHUB, "GITLESS_GITHUB_TOKEN": "another-token"})
    scene.accept(lambda _user, password: password == "another-token")

    assert gitless("list", "oci://ghcr.io/acme/shop", "--provider", "auto").code == 0


@pytest.mark.parametrize(
    ("more", "user"),
    [
        ({}, "gitlab-ci-token"),
        ({"CI_REGISTRY_USER": "deployer", "CI_REGISTRY_PASSWORD": TOKEN, "CI_JOB_TOKEN": "other"}, "deployer"),
        (
            {
                "CI_REGISTRY": "elsewhere.test",
                "CI_DEPENDENCY_PROXY_SERVER": "registry.gitlab.test:443",
                "CI_DEPENDENCY_PROXY_USER": "proxied",
                "CI_DEPENDENCY_PROXY_PASSWORD": TOKEN,
            },
            "proxied",
        ),
    ],
)
def test_a_gitlab_job_lists_by_its_variables(
    more: dict[str, str], user: str, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, {**GITLAB, **more})
    scene.accept(lambda _user, password: password == TOKEN)

    outcome = gitless("list", "oci://registry.gitlab.test/acme/shop", "--provider", "auto", "-v")

    assert outcome.code == 0, outcome.err
    assert taken(scene) == user
    assert TOKEN not in shown(outcome)


def test_a_jobs_token_that_is_refused_is_asked_for_once(
    scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, GITHUB)
    scene.accept(lambda _user, _password: False)
    before = len(scene.tokens.token_requests)

    outcome = gitless("list", "oci://ghcr.io/acme/shop", "--provider", "github", "-v")

    assert outcome.code == 5
    assert len(scene.tokens.token_requests) == before + 1
    assert TOKEN not in shown(outcome)


def test_no_token_is_an_error_that_says_how_to_hand_it_over(scene: Scene, gitless: Gitless) -> None:
    outcome = gitless("list", "oci://ghcr.io/acme/shop", "--provider", "github")

    assert outcome.code == 2
    assert "GITHUB_TOKEN: ${{ github.token }}" in outcome.err


def test_the_identity_comes_before_a_login_in_docker_s_configuration(
    scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, GITHUB)
    scene.accept(lambda _user, _password: True)
    folder = scene.folder / "docker"
    folder.mkdir()
    (folder / "config.json").write_text('{"auths": {"ghcr.io": {"username": "kept", "password": "kept-too"}}}')

    assert gitless("list", "oci://ghcr.io/acme/shop").code == 0
    assert taken(scene) == "kept"
    assert gitless("list", "oci://ghcr.io/acme/shop", "--provider", "github").code == 0
    assert taken(scene) == "octocat"


@pytest.mark.parametrize(
    ("module", "extra", "registry"),
    [
        ("boto3", "aws", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"),
        ("google.auth", "gcp", "europe-docker.pkg.dev"),
        ("azure.identity", "azure", "acme.azurecr.io"),
    ],
)
def test_a_missing_extra_is_named(
    module: str, extra: str, registry: str, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None if name == module else found(name, *more))

    outcome = gitless("login", registry, "--provider", extra)

    assert outcome.code == 2
    assert f"pip install 'gitless-pipeline[{extra}]'" in outcome.err


def test_a_container_engine_is_told_to_log_in_by_the_identity_as_well(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline import wiring
    from pipeline.model.artifact.reference import Repository
    from pipeline.model.settings.connections import RegistryOptions
    from tests.contract.registry.servers import Silent

    set_variables(monkeypatch, GITHUB)

    login = wiring.registry_login(
        Repository("ghcr.io", "acme/shop"), RegistryOptions(provider="github"), os.environ, Silent()
    )

    assert login is not None
    assert (login.username, login.password) == ("octocat", TOKEN)
    assert capsys.readouterr().err == f"::add-mask::{TOKEN}\n"
