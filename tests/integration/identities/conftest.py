"""Registries under the names of the providers' own, and a command line that reaches nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import Outcome, command_line
from tests.contract.registry.servers import server
from tests.platform.providers.front import Accepts, Front, proxy_to
from tests.platform.providers.identity_tokens import GitHubJob, Issuer
from tests.platform.providers.serving import Served
from tests.platform.registries import DebianRegistry

ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
NAMES = (ECR, "public.ecr.aws", "europe-docker.pkg.dev", "acme.azurecr.io", "ghcr.io", "registry.gitlab.test")
Gitless = Callable[..., Outcome]
_FOREIGN = ("AWS_", "AZURE_", "GOOGLE_", "GCE_", "GITLESS_", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR")


@dataclass(frozen=True)
class Scene:
    """``basic`` asks for a login itself, ``token`` by its token server; each is all the names there are."""

    basic: Front
    token: Front
    tokens: DebianRegistry
    folder: Path

    def accept(self, accepts: Accepts) -> None:
        """Who may do everything at both."""
        self.basic.accepts = accepts
        self.tokens.accept(accepts)


@pytest.fixture(scope="module")
def fronts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Front, Front, DebianRegistry]]:
    folder = tmp_path_factory.mktemp("fronts")
    tokens = DebianRegistry.start(folder / "registry", auth="token")
    basic = Front(server("none").address, folder / "basic", NAMES)
    token = Front(tokens.address, folder / "token", NAMES)
    try:
        with basic.served, token.served:
            yield basic, token, tokens
    finally:
        tokens.stop()


@pytest.fixture
def scene(
    fronts: tuple[Front, Front, DebianRegistry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """No identity, no login and no way out but to the registry with tokens."""
    basic, token, tokens = fronts
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.chdir(tmp_path)
    with proxy_to(token.served.address) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("GITLESS_CA_FILE", str(token.ca_file))
        yield Scene(basic, token, tokens, tmp_path)


@pytest.fixture
def through_basic(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The way leads to the registry that asks by itself."""
    with proxy_to(scene.basic.served.address) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("GITLESS_CA_FILE", str(scene.basic.ca_file))
        yield


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def job(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubJob]:
    """A job of GitHub that may ask for identity tokens."""
    job = GitHubJob(issuer)
    with job.serve() as served:
        set_variables(monkeypatch, job.environment(served))
        yield job


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str]) -> Gitless:
    return command_line(capsys)


@pytest.fixture
def serving(scene: Scene) -> Iterator[Callable[[Served], Served]]:
    """Start a server that ends with the test."""
    started: list[Served] = []

    def start(served: Served) -> Served:
        started.append(served.__enter__())
        return served

    yield start
    for served in started:
        served.__exit__(None, None, None)


def set_variables(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def hidden(outcome: Outcome) -> set[str]:
    """The secrets that GitHub's runner was told to hide."""
    lines = outcome.err.splitlines()
    return {line.removeprefix("::add-mask::") for line in lines if line.startswith("::add-mask::")}


def shown(outcome: Outcome) -> str:
    """Everything that was said, but for what the runner swallows."""
    talk = [line for line in outcome.err.splitlines() if not line.startswith("::add-mask::")]
    return outcome.out + "\n".join(talk)
