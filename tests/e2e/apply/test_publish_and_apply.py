"""From a folder to a cluster by the command line alone: what the README promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.ports import Cluster
from tests.command_line import Outcome
from tests.platform import control_plane as platform

pytestmark = pytest.mark.cluster

REPOSITORY = "oci-layout:out/shop"


Gitless = Callable[..., Outcome]


@pytest.fixture
def gitless(
    control_plane: platform.Cluster,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Gitless:
    """Run a command line in an empty folder against the cluster, with a fresh pair of keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    monkeypatch.setenv("COSIGN_PASSWORD", "")

    def run(*arguments: str) -> Outcome:
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    assert run("keys", "generate").code == 0
    return run


@pytest.fixture
def publish(gitless: Gitless, tmp_path: Path) -> Callable[..., str]:
    """Package and sign these objects; returns the reference by digest."""

    def make(*bodies: dict[str, Any]) -> str:
        (tmp_path / "shop").mkdir(exist_ok=True)
        (tmp_path / "shop" / "all.yaml").write_text("---\n".join(json.dumps(body) + "\n" for body in bodies))
        pushed = gitless("package", "shop", f"{REPOSITORY}:latest", "-o", "json")
        assert pushed.code == 0, pushed.err
        url: str = pushed.document["digestUrl"]
        assert gitless("sign", url, "--key", "cosign.key").code == 0
        return url

    return make


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_publish_apply_change_prune_and_refuse_what_was_tampered_with(
    gitless: Gitless, publish: Callable[..., str], real_cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    first = publish(config_map("settings", color="blue"), config_map("old", key="value"))
    apply = ("apply", f"{REPOSITORY}:latest", "--key", "cosign.pub", "-n", namespace, "-o", "json")

    applied = gitless(*apply)
    assert applied.code == 0, applied.err
    assert applied.document["counts"]["create"] == 2
    assert applied.document["digestUrl"] == first

    again = gitless(*apply)
    assert again.code == 0
    assert again.document["changes"] == []
    assert again.document["counts"]["unchanged"] == 2

    second = publish(config_map("settings", color="green"))
    changed = gitless(*apply)
    assert changed.code == 0, changed.err
    fields = [change.get("fields") for change in changed.document["changes"]]
    assert fields == [[{"path": "data.color", "change": "changed", "before": "blue", "after": "green"}], None]
    assert changed.document["counts"] == {
        "create": 0, "configure": 1, "recreate": 0, "prune": 1, "unchanged": 0, "skip": 0
    }  # fmt: skip

    inventory = real_cluster.load_inventory(namespace, "shop")
    assert inventory is not None
    assert f"{inventory.repository}@{inventory.digest}" == second
    for file in (tmp_path / "out" / "shop" / "blobs" / "sha256").iterdir():
        content = file.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused = gitless(*apply)
    assert refused.code == 4, refused.err
    assert refused.out == ""


def test_an_artifact_signed_by_somebody_else_never_reaches_the_cluster(
    gitless: Gitless, publish: Callable[..., str], real_cluster: Cluster, namespace: str
) -> None:
    artifact = publish(config_map("settings", color="blue"))
    assert gitless("keys", "generate", "--output-key-prefix", "other").code == 0

    refused = gitless("apply", artifact, "--key", "other.pub", "-n", namespace)

    assert refused.code == 4
    assert real_cluster.load_inventory(namespace, "shop") is None
