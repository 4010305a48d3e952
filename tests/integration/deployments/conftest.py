"""A cluster to apply to, a registry for artifacts, and another one with a login of its own for records."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.registries.oci import connect
from pipeline.reports.console import JsonLog
from tests.command_line import Outcome, command_line
from tests.platform import control_plane as platform
from tests.platform.registries import DebianRegistry, ReferrersRegistry

Gitless = Callable[..., Outcome]


@dataclass(frozen=True)
class Registries:
    """Both registries; ``login`` is a docker configuration for the records' one."""

    artifacts: ReferrersRegistry
    records: DebianRegistry
    login: Path

    def tags(self, repository: str) -> list[str]:
        """Of a repository of the artifacts' registry."""
        import io

        host, _, path = repository.removeprefix("oci://").partition("/")
        opened = connect(Repository(host, path), RegistryOptions(), {}, JsonLog(io.StringIO(), verbose=False))
        return list(opened.tags())


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    folder = tmp_path_factory.mktemp("registries")
    with (
        ReferrersRegistry.start(folder / "artifacts") as artifacts,
        DebianRegistry.start(folder / "records", auth="basic") as records,
    ):
        login = folder / "login.json"
        secret = base64.b64encode(f"{records.username}:{records.password}".encode()).decode()
        login.write_text(json.dumps({"auths": {records.address: {"auth": secret}}}))
        yield Registries(artifacts, records, login)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """An empty folder with two pairs of keys: ``release`` signs artifacts, ``cluster`` signs records."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    for name in ("release", "cluster"):
        assert run_guarded(application, ["keys", "generate", "--output-key-prefix", name]) == 0
    capsys.readouterr()
    return tmp_path


@pytest.fixture
def gitless(folder: Path, capsys: pytest.CaptureFixture[str]) -> Gitless:
    """Run a command line there; without a kubeconfig no cluster can be reached."""
    assert folder.is_dir()

    return command_line(capsys)


@pytest.fixture
def apply(gitless: Gitless, control_plane: platform.Cluster, namespace: str) -> Gitless:
    """Apply into the test's namespace."""

    def run(reference: str, *arguments: str) -> Outcome:
        cluster = ["--kubeconfig", str(control_plane.kubeconfig), "-n", namespace, "--inventory", "shop"]
        return gitless("apply", reference, "--key", "release.pub", *cluster, *arguments)

    return run


@pytest.fixture
def publish(gitless: Gitless, folder: Path, namespace: str) -> Callable[..., str]:
    """Package and sign a ConfigMap and a Secret; returns the reference by digest."""

    def make(repository: str, text: str, *, password: str = "", sign: str = "bundle", more: str = "") -> str:
        source = folder / "app"
        source.mkdir(exist_ok=True)
        documents = [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"text": text}},
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "login"},
                "stringData": {"password": password or f"hunter2-{text}"},
            },
        ]
        if more:
            metadata = {"name": more, "namespace": namespace}
            documents.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}})
        (source / "all.yaml").write_text("---\n".join(json.dumps(item) + "\n" for item in documents))
        pushed = gitless("package", "app", f"{repository}:{text}", "-o", "json")
        assert pushed.code == 0, pushed.err
        url: str = pushed.document["digestUrl"]
        signed = gitless("sign", url, "--key", "release.key", "--format", sign)
        assert signed.code == 0, signed.err
        return url

    return make
