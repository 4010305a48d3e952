from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.clock import SystemClock
from pipeline.testing.cluster import MemoryCluster
from tests.cli.apply.shops import NEW_CONFIG, OLD_CONFIG, REPOSITORY, Gitless, Shop, config, secret
from tests.command_line import Outcome, command_line


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> MemoryCluster:
    """What every kubeconfig leads to."""
    memory = MemoryCluster(namespaces=("default", "shop"))
    monkeypatch.setattr(wiring, "cluster", lambda *_: memory)
    return memory


@pytest.fixture
def gitless(
    cluster: MemoryCluster, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Gitless:
    """Run a command line in an empty folder, with nobody at the terminal and no variables of ours set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    monkeypatch.setenv("BUILD_URL", "https://ci.test/job/7")
    for name in ("GITLESS_KEY", "GITLESS_INVENTORY", "GITLESS_NAMESPACE", "GITHUB_ACTIONS", "CI_JOB_URL"):
        monkeypatch.delenv(name, raising=False)

    return command_line(capsys)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a ConfigMap and a Secret."""
    folder = tmp_path / "shop-app"
    folder.mkdir()
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"color": "blue"}}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login"},
        "stringData": {"password": "hunter2"},
    }
    (folder / "settings.yaml").write_text(json.dumps(config))
    (folder / "login.yaml").write_text(json.dumps(secret))
    return folder


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both releases, and key pairs of a signer and a reviewer; made once, for signing takes its time."""
    folder = tmp_path_factory.mktemp("released")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COSIGN_PASSWORD", "")
        made = Shop(lambda *arguments: Outcome(run_guarded(application, list(arguments)), "", ""), MemoryCluster())
        made.run("keys", "generate")
        made.run("keys", "generate", "--output-key-prefix", "reviewer")
        with pytest.MonkeyPatch.context() as earlier:
            # Signatures tell whole seconds, and this one is to be the older one.
            earlier.setattr(SystemClock, "now", lambda _: time.time() - 3600)
            made.release(
                "first", config("settings", color="blue"), config("same", a="1"), secret("hunter2"), OLD_CONFIG
            )
        made.release("next", config("settings", color="red"), config("same", a="1"), secret("hunter3"), NEW_CONFIG)
    return folder


@pytest.fixture
def delivered(gitless: Gitless, cluster: MemoryCluster, tmp_path: Path, released: Path) -> Shop:
    """The first release is applied, the next one is there."""
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)
    made = Shop(gitless, cluster)
    made.run("apply", f"{REPOSITORY}:first", "--key", "cosign.pub", "-n", "shop")
    cluster.requests.clear()
    return made
