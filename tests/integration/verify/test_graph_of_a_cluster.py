"""``gitless graph live`` on a real cluster: what controllers made, and how it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.integration.verify.conftest import Deployer, Verify
from tests.platform import control_plane as platform
from tests.platform.binaries import binary

pytestmark = pytest.mark.cluster

Graph = Callable[..., Outcome]


@pytest.fixture
def graph(control_plane: platform.Cluster, namespace: str, capsys: pytest.CaptureFixture[str]) -> Graph:
    """``gitless graph`` in the test's namespace."""

    def run(*arguments: str) -> Outcome:
        place = ("--kubeconfig", str(control_plane.kubeconfig), "-n", namespace)
        code = run_guarded(application, ["graph", *place, *arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


def service(deployer: Deployer) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": deployer.namespace}
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def test_a_rollout_is_drawn_from_service_to_pods_in_the_colours_of_health(
    deployer: Deployer, graph: Graph, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = deployer.deployment(replicas=3)
    made["spec"]["template"]["spec"]["volumes"] = [
        {"name": "a", "configMap": {"name": "kube-root-ca.crt"}},
        {"name": "b", "secret": {"secretName": "nowhere", "optional": True}},
        {"name": "c", "configMap": {"name": "settings"}},
    ]
    deployer.deploy(made, service(deployer), deployer.config_map())
    assert verify("--timeout", "30s", "--no-drift").code == 0

    done = graph("live", "-o", "json")

    assert (done.code, done.err) == (0, "")
    kinds = [node["kind"] for node in done.document["nodes"]]
    assert sorted(kinds) == ["ConfigMap", "Deployment", "Pod", "Pod", "Pod", "ReplicaSet", "Service"]
    assert {node["tone"] for node in done.document["nodes"]} == {"healthy"}
    assert sorted(edge["relation"] for edge in done.document["edges"]) == ["owner"] * 4 + ["reference", "selector"]
    monkeypatch.setenv("GITLESS_DOT", str(binary("dot")))
    assert "\N{MULTIPLICATION SIGN}3" in graph("live", "--inventory", "shop", "-o", "svg").out


def test_a_crash_loop_is_failed_pods_of_a_deployment_that_progresses(
    deployer: Deployer, graph: Graph, verify: Verify
) -> None:
    deployer.deploy(deployer.deployment(replicas=1, rehearse="crash"))
    assert verify("--timeout", "6s", "--no-drift").code == 7

    tones = {node["kind"]: node["tone"] for node in graph("live", "-o", "json").document["nodes"]}

    assert tones == {"Deployment": "progressing", "ReplicaSet": "progressing", "Pod": "failed"}


def test_changes_towards_a_folder_colour_what_applying_it_would_do(
    deployer: Deployer, graph: Graph, tmp_path: Path
) -> None:
    deployer.deploy(deployer.config_map(), deployer.config_map("old"))
    folder = tmp_path / "deploy"
    folder.mkdir()
    (folder / "all.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {key: other}\n"
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"
    )

    done = graph("live", "--changes-to", str(folder), "--inventory", "shop", "-o", "json")

    assert {node["name"]: node["tone"] for node in done.document["nodes"]} == {
        "settings": "changed",
        "new": "created",
        "old": "deleted",
    }


def test_an_inventory_that_is_not_there_is_named(graph: Graph) -> None:
    done = graph("live", "--inventory", "nowhere")

    assert (done.code, done.out) == (7, "")
    assert "there is no inventory 'nowhere'" in done.err
