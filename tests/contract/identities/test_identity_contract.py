"""One suite for every provider's identity, each with what its provider would answer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.errors import IdentityError
from pipeline.identities import open_identity
from pipeline.model.settings.providers import PROVIDERS
from pipeline.ports import RegistryIdentity
from tests.platform.providers.aws import Aws
from tests.platform.providers.azure import Azure
from tests.platform.providers.front import Accepts, Front, proxy_to
from tests.platform.providers.google import ACCOUNT, PROVIDER, Google
from tests.platform.providers.identity_tokens import GitHubJob, Issuer

HOSTS = {
    "github": "ghcr.io",
    "gitlab": "registry.gitlab.test",
    "aws": "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
    "gcp": "europe-docker.pkg.dev",
    "azure": "acme.azurecr.io",
}
_FOREIGN = ("AWS_", "AZURE_", "GOOGLE_", "GCE_", "GITLESS_", "GITHUB_", "CI_")


@dataclass(frozen=True)
class Provider:
    """``ends``: whether its logins do; ``accepts``: what its registry takes; ``hidden``: what the log must not show."""

    identity: RegistryIdentity
    host: str
    ends: bool
    accepts: Accepts
    hidden: list[str]


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    name: str = request.param
    for variable in [variable for variable in os.environ if variable.startswith(_FOREIGN)]:
        monkeypatch.delenv(variable)
    hidden: list[str] = []
    with ExitStack() as stack:
        variables, accepts, ca_file = _around(name, stack, tmp_path)
        for variable, value in variables.items():
            # The providers' libraries read the process's own.
            monkeypatch.setenv(variable, value)
        identity = open_identity(name, {**os.environ, **variables}, hidden.append, ca_file=ca_file)
        yield Provider(identity, HOSTS[name], name not in {"github", "gitlab"}, accepts, hidden)


def _around(name: str, stack: ExitStack, folder: Path) -> tuple[dict[str, str], Accepts, str | None]:
    """The variables of a job, what the registry takes, and the authority of its certificate."""
    if name == "github":
        token = "ghs_of-the-job"
        return {"GITHUB_TOKEN": token, "GITHUB_ACTOR": "me"}, lambda *login: login == ("me", token), None
    if name == "gitlab":
        token = "glcbt-of-the-job"
        variables = {"CI_REGISTRY": HOSTS[name], "CI_JOB_TOKEN": token}
        return variables, lambda *login: login == ("gitlab-ci-token", token), None
    issuer = Issuer()
    job = GitHubJob(issuer)
    variables = job.environment(stack.enter_context(job.serve()))
    if name == "aws":
        aws = Aws(issuer)
        return {**variables, **aws.environment(stack.enter_context(aws.serve()))}, aws.accepts, None
    if name == "gcp":
        google = Google(issuer)
        url = stack.enter_context(google.serve()).url
        of_google = {
            "GITLESS_GCP_WORKLOAD_IDENTITY_PROVIDER": PROVIDER,
            "GITLESS_GCP_SERVICE_ACCOUNT": ACCOUNT,
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS": url,
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": url,
        }
        return {**variables, **of_google}, google.accepts, None
    azure = Azure(issuer, HOSTS[name])
    front = Front("127.0.0.1:9", folder, [HOSTS[name]])
    front.exchanges["/oauth2/exchange"] = azure.exchange
    proxy = stack.enter_context(proxy_to(stack.enter_context(front.served).address))
    of_azure = azure.environment(stack.enter_context(azure.serve(front.loopback)))
    way = {"HTTPS_PROXY": proxy, "NO_PROXY": "127.0.0.1", "REQUESTS_CA_BUNDLE": str(front.ca_file)}
    return {**variables, **of_azure, **way}, azure.accepts, str(front.ca_file)


def test_the_login_is_one_that_the_providers_registry_takes(provider: Provider) -> None:
    found = provider.identity.credentials(provider.host)

    assert provider.accepts(found.username, found.password)
    assert not provider.accepts(found.username, found.password + "x")


def test_the_login_says_when_it_ends_and_is_hidden_before_anybody_has_it(provider: Provider) -> None:
    found = provider.identity.credentials(provider.host)

    assert (found.expires is not None) == provider.ends
    assert found.expires is None or time.time() + 600 < found.expires < time.time() + 13 * 3600
    assert found.password in provider.hidden
    assert found.password not in repr(found)


def test_each_asking_gives_a_login_that_is_good(provider: Provider) -> None:
    first, second = (provider.identity.credentials(provider.host) for _ in range(2))

    assert provider.accepts(second.username, second.password)
    assert (first != second) == provider.ends


def test_no_login_is_made_for_a_registry_of_somebody_else(provider: Provider) -> None:
    others = [*(host for host in HOSTS.values() if host != provider.host), f"{provider.host}.evil.test", "docker.io"]

    assert provider.identity.serves(provider.host)
    assert [host for host in others if provider.identity.serves(host)] == []
    for host in others:
        with pytest.raises(IdentityError):
            provider.identity.credentials(host)
    assert provider.hidden == []


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_without_a_job_there_is_no_identity(name: str) -> None:
    identity = open_identity(name, {"CI_REGISTRY": HOSTS["gitlab"]}, print)

    with pytest.raises(IdentityError, match="there is no token of a Git"):
        identity.credentials(HOSTS[name])
