"""Logins to ECR by AWS' own exchange, on a real registry under ECR's names."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.identities.conftest import ECR, Gitless, Scene, hidden, set_variables, shown
from tests.platform.providers.aws import Aws
from tests.platform.providers.identity_tokens import GitHubJob, Issuer
from tests.platform.providers.serving import Served

pytestmark = [pytest.mark.registry, pytest.mark.usefixtures("through_basic")]


@pytest.fixture
def aws(issuer: Issuer, scene: Scene, serving: Callable[[Served], Served], monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws = Aws(issuer)
    set_variables(monkeypatch, aws.environment(serving(aws.serve())))
    scene.accept(aws.accepts)
    return aws


def publish(gitless: Gitless, folder: Path, repository: str, *options: str) -> int:
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "settings.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n")
    outcome = gitless("package", "app", repository, *options)
    assert outcome.code == 0, outcome.err
    return outcome.code


def test_a_job_pushes_by_its_role_without_a_login_step_and_without_a_file(
    aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless
) -> None:
    publish(gitless, scene.folder, f"oci://{ECR}/acme/shop:1", "--provider", "aws")
    listed = gitless("list", f"oci://{ECR}/acme/shop", "--provider", "aws", "-v", "-o", "json")

    assert [found["tag"] for found in listed.document["artifacts"]] == ["1"]
    assert len(aws.passwords) == 1
    assert not (scene.folder / "docker").exists()
    assert [secret for secret in (*aws.secrets, *job.given) if secret in shown(listed)] == []


def test_every_secret_is_hidden_in_the_log_before_it_is_used(
    aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless
) -> None:
    outcome = gitless("login", ECR, "--provider", "auto", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert {*aws.secrets, *job.given} <= hidden(outcome)
    assert [secret for secret in (*aws.secrets, *job.given) if secret in shown(outcome)] == []
    assert outcome.document["provider"] == "aws"
    assert outcome.document["username"] == "AWS"


def test_a_login_is_kept_for_other_programs(aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless) -> None:
    assert gitless("login", ECR, "--provider", "aws").code == 0

    kept = scene.folder / "docker" / "config.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(json.loads(kept.read_text())["auths"]) == [ECR]
    assert gitless("list", f"oci://{ECR}/acme/shop").code == 0
    assert len(aws.passwords) == 1


def test_the_public_registry_is_asked_for_in_its_own_region(
    aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless
) -> None:
    assert gitless("login", "public.ecr.aws", "--provider", "aws").code == 0
    assert len(aws.passwords) == 1


def test_keys_of_a_user_will_do(aws: Aws, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, aws.make_key())

    assert gitless("list", f"oci://{ECR}/acme/nothing", "--provider", "aws").code == 0


def test_a_token_in_a_file_is_exchanged_by_the_sdk(
    aws: Aws, issuer: Issuer, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scene.folder / "token"
    file.write_text(issuer.issue("sts.amazonaws.com"))
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))

    outcome = gitless("list", f"oci://{ECR}/acme/nothing", "--provider", "aws")

    assert outcome.code == 0, outcome.err


def test_a_login_that_ends_is_renewed_within_the_process(
    aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless
) -> None:
    publish(gitless, scene.folder, f"oci://{ECR}/acme/renewed:1", "--provider", "aws")
    aws.passwords.clear()
    aws.lifetime = 3

    assert gitless("list", f"oci://{ECR}/acme/renewed", "--provider", "aws").code == 0
    assert len(aws.passwords) > 1


def test_a_login_that_is_taken_back_is_renewed_once(aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless) -> None:
    assert gitless("list", f"oci://{ECR}/acme/again", "--provider", "aws").code == 0
    aws.passwords.clear()

    assert gitless("list", f"oci://{ECR}/acme/again", "--provider", "aws").code == 0
    assert len(aws.passwords) == 1


@pytest.mark.parametrize("what", ["audience", "expired", "subject", "role", "denied", "stranger"])
def test_what_aws_refuses_is_told_without_the_token(
    what: str, aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "audience":
        monkeypatch.setenv("GITLESS_IDENTITY_AUDIENCE", "somebody-else")
    elif what == "expired":
        job.lifetime = -60
    elif what == "subject":
        monkeypatch.setenv("GITLESS_REGISTRY_ID_TOKEN", job.issuer.issue("sts.amazonaws.com", subject="repo:evil/shop"))
    elif what == "role":
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/administrator")
    elif what == "denied":
        aws.is_denied = True
    else:
        monkeypatch.setenv("GITLESS_REGISTRY_ID_TOKEN", Issuer().issue("sts.amazonaws.com"))

    outcome = gitless("list", f"oci://{ECR}/acme/shop", "--provider", "aws", "-v")

    assert outcome.code == 5
    assert "AWS refuses" in outcome.err
    assert [secret for secret in (*aws.secrets, *job.given) if secret in shown(outcome)] == []
    assert "eyJ" not in shown(outcome)
    assert not aws.passwords


def test_a_login_goes_to_no_other_registry(aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless) -> None:
    outcome = gitless("list", "oci://ghcr.io/acme/shop", "--provider", "aws")

    assert outcome.code == 5
    assert not aws.passwords
    refused = gitless("login", "ghcr.io", "--provider", "aws")
    assert (refused.code, "ghcr.io is no registry of aws" in refused.err) == (2, True)


def test_without_an_identity_a_provider_by_name_is_an_error_and_auto_goes_on(
    aws: Aws, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ROLE_ARN")

    named = gitless("list", f"oci://{ECR}/acme/shop", "--provider", "aws")
    found = gitless("list", f"oci://{ECR}/acme/shop", "--provider", "auto")

    assert (named.code, "there are no AWS credentials" in named.err) == (2, True)
    assert (found.code, "going on without aws's identity" in found.err) == (5, True)


def test_a_user_and_password_win_over_the_identity(aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless) -> None:
    from pipeline.model.artifact.reference import Repository
    from pipeline.model.settings.connections import RegistryOptions
    from pipeline.wiring import registry
    from tests.contract.registry.servers import Silent

    aws.passwords["given-by-hand"] = time.time() + 60
    options = RegistryOptions("AWS", "given-by-hand", ca_file=str(scene.basic.ca_file), provider="aws")

    assert registry(Repository(ECR, "acme/none"), options, os.environ, Silent()).tags() == ()
    assert list(aws.passwords) == ["given-by-hand"]


def test_the_pool_of_a_long_lived_process_logs_in_by_the_identity_too(
    aws: Aws, job: GitHubJob, scene: Scene, gitless: Gitless
) -> None:
    from pipeline.model.artifact.reference import Repository
    from pipeline.model.settings.connections import RegistryOptions
    from pipeline.wiring import clock, registry_pool
    from tests.contract.registry.servers import Silent

    connect = registry_pool(Silent(), clock(), os.environ)
    options = RegistryOptions(ca_file=str(scene.basic.ca_file), provider="aws", patient=False)
    way = {"HTTPS_PROXY": os.environ["HTTPS_PROXY"]}

    assert connect(Repository(ECR, "acme/pooled"), options, way).tags() == ()
    aws.passwords.clear()
    assert connect(Repository(ECR, "acme/pooled"), options, way).tags() == ()
    assert len(aws.passwords) == 1
