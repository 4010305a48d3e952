"""A real engine, real registries, and a folder with an application whose image is nothing but one static program."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.platform.binaries import binary
from tests.platform.engine import Engine
from tests.platform.registries import DebianRegistry

Gitless = Callable[..., Outcome]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine.start(tmp_path_factory.mktemp("engine") / "e") as started:
        yield started


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that everybody may push to."""
    with DebianRegistry.start(tmp_path_factory.mktemp("registry")) as registry:
        yield registry.address


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRegistry]:
    """A registry that wants a login."""
    with DebianRegistry.start(tmp_path_factory.mktemp("guarded"), auth="basic") as registry:
        yield registry


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Path:
    """The application's folder, which is also the current one; the engine is the one that DOCKER_HOST names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", engine.url)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("GITLESS_KUSTOMIZE", str(binary("kustomize")))
    for name in ("SOURCE_DATE_EPOCH", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(binary("registry"), tmp_path / "server")
    (tmp_path / "Containerfile").write_text('FROM scratch\nCOPY server /server\nENTRYPOINT ["/server"]\n')
    deploy = tmp_path / "deploy"
    deploy.mkdir()
    (deploy / "kustomization.yaml").write_text("# The shop.\nresources:\n- web.yaml   # all of it\n")
    (deploy / "web.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: web, image: web}\n"
    )
    return tmp_path


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str]) -> Gitless:
    """Runs a command line."""

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


def log_in(address: str, username: str, password: str) -> None:
    """Leave a login where docker does."""
    folder = Path(os.environ["DOCKER_CONFIG"])
    folder.mkdir(exist_ok=True)
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {address: {"auth": auth}}}))
