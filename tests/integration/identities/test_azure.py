"""Logins to Azure Container Registry: Entra's token, exchanged at a real registry under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.integration.identities.conftest import Gitless, Scene, hidden, set_variables, shown
from tests.platform.providers.azure import USER, Azure
from tests.platform.providers.identity_tokens import GitHubJob, Issuer
from tests.platform.providers.serving import Served

pytestmark = pytest.mark.registry
REGISTRY = "acme.azurecr.io"
SHOP = f"oci://{REGISTRY}/shop"


@pytest.fixture
def azure(
    issuer: Issuer, scene: Scene, serving: Callable[[Served], Served], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Azure]:
    azure = Azure(issuer, REGISTRY)
    set_variables(monkeypatch, azure.environment(serving(azure.serve(scene.token.loopback))))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(scene.token.ca_file))
    scene.accept(azure.accepts)
    scene.token.exchanges["/oauth2/exchange"] = azure.exchange
    yield azure
    del scene.token.exchanges["/oauth2/exchange"]


def test_a_job_lists_by_its_application(azure: Azure, job: GitHubJob, scene: Scene, gitless: Gitless) -> None:
    outcome = gitless("list", SHOP, "--provider", "auto", "-v")

    assert outcome.code == 0, outcome.err
    secrets = (*azure.secrets, *job.given)
    assert {*secrets} <= hidden(outcome)
    assert [secret for secret in secrets if secret in shown(outcome)] == []
    assert scene.tokens.token_requests[-1].account == USER
    assert not (scene.folder / "docker").exists()


def test_a_token_in_a_file_is_exchanged(
    azure: Azure, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = scene.folder / "token"
    token.write_text(azure.issuer.issue("api://AzureADTokenExchange") + "\n")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(token))

    outcome = gitless("login", REGISTRY, "--provider", "azure", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert (outcome.document["username"], outcome.document["provider"]) == (USER, "azure")
    assert outcome.document["expiresAt"] is not None


def test_a_login_that_ends_is_renewed(azure: Azure, job: GitHubJob, gitless: Gitless) -> None:
    azure.lifetime = 3
    assert gitless("list", SHOP, "--provider", "azure").code == 0
    assert gitless("list", SHOP, "--provider", "azure").code == 0

    assert len([secret for secret in azure.secrets if azure.accepts(USER, secret)]) > 1


@pytest.mark.parametrize("what", ["audience", "expired", "subject", "stranger", "role"])
def test_what_azure_refuses_is_told_without_the_token(
    what: str, azure: Azure, job: GitHubJob, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "audience":
        monkeypatch.setenv("GITLESS_IDENTITY_AUDIENCE", "somebody-else")
    elif what == "expired":
        job.lifetime = -60
    elif what == "subject":
        other = azure.issuer.issue(azure.audience, subject="repo:acme/other:ref:refs/heads/main")
        monkeypatch.setenv("GITLESS_REGISTRY_ID_TOKEN", other)
    elif what == "stranger":
        monkeypatch.setenv("GITLESS_REGISTRY_ID_TOKEN", Issuer().issue(azure.audience))
    else:
        azure.is_denied = True

    outcome = gitless("list", SHOP, "--provider", "azure", "-v")

    assert outcome.code == 5, outcome.err
    assert ("does not exchange the token" if what == "role" else "Microsoft Entra refuses") in outcome.err
    assert [secret for secret in (*azure.secrets, *job.given) if secret in shown(outcome)] == []
    assert "eyJ" not in shown(outcome)


def test_an_authority_without_tls_is_sent_nothing(
    azure: Azure, job: GitHubJob, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://login.evil.test")

    outcome = gitless("list", SHOP, "--provider", "azure")

    assert (outcome.code, "AZURE_AUTHORITY_HOST makes no sense" in outcome.err) == (2, True)
    assert job.given == []
