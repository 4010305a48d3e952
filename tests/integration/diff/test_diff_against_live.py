from __future__ import annotations

import json
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.ports import Cluster as ClusterPort
from tests.platform.binaries import binary
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

OLD, NEW = "web-5k2fm8gt4h", "web-7bc5dh2g9k"


class Bench:
    """Runs gitless against one namespace of the real API server."""

    def __init__(self, control_plane: Cluster, namespace: str, folder: Path, port: ClusterPort) -> None:
        self._kubeconfig = str(control_plane.kubeconfig)
        self._options = ["--kubeconfig", self._kubeconfig, "-n", namespace, "--inventory", "diff"]
        self._file = folder / "all.json"
        self.namespace = namespace
        self.port = port

    def write(self, *bodies: dict[str, Any]) -> str:
        placed = [{**body, "metadata": {**body["metadata"], "namespace": self.namespace}} for body in bodies]
        self._file.write_text("\n".join(map(json.dumps, placed)))
        return str(self._file)

    def apply(self, *bodies: dict[str, Any]) -> None:
        arguments = ["apply", self.write(*bodies), *self._options, "--insecure-skip-verification"]
        assert run_guarded(application, arguments) == 0

    def diff(self, *bodies: dict[str, Any], options: tuple[str, ...] = ()) -> int:
        return run_guarded(application, ["diff", "live", self.write(*bodies), *self._options, "--exit-code", *options])

    def edit(self, body: dict[str, Any], manager: str) -> None:
        """Write as somebody else, by an ordinary update."""
        kind, name = body["kind"], body["metadata"]["name"]
        patch = json.dumps({key: value for key, value in body.items() if key in {"data", "spec"}})
        arguments = ["patch", kind, name, "--type=merge", "-p", patch, f"--field-manager={manager}"]
        program = [str(binary("kubectl")), "--kubeconfig", self._kubeconfig, "-n", self.namespace]
        subprocess.run([*program, *arguments], check=True, capture_output=True)


@pytest.fixture
def bench(control_plane: Cluster, real_cluster: ClusterPort, namespace: str, tmp_path: Path) -> Bench:
    return Bench(control_plane, namespace, tmp_path, real_cluster)


def read_document(text: str) -> dict[str, Any]:
    """The JSON result, checked against the published schema."""
    schema = json.loads(resources.files("pipeline.schemas").joinpath("diff-result.v1.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads(text)
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(found)] == []
    return found


def config(name: str = "settings", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": data}


def deployment(reference: str = OLD, replicas: int = 0, cpu: str = "1000m") -> dict[str, Any]:
    container = {
        "name": "web",
        "image": "shop.example/web:1",
        "ports": [{"containerPort": 80}],
        "envFrom": [{"configMapRef": {"name": reference}}],
        "resources": {"limits": {"cpu": cpu}},
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def test_what_was_applied_has_no_differences_though_the_server_filled_in_much(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = (config(OLD, a="1"), secret(password="hunter2"), deployment())
    bench.apply(*bodies)
    capsys.readouterr()
    assert bench.diff(*bodies) == 0
    assert "No differences, 3 unchanged\n" in capsys.readouterr().out
    # The same in other words: nothing is known to be equal before the server has been asked.
    assert bench.diff(config(OLD, a="1"), secret(password="hunter2"), deployment(cpu="1")) == 0


def test_renames_secrets_prunes_and_creations_are_told_from_the_live_objects(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.apply(config(OLD, a="1"), config("gone"), secret(password="hunter2", same="x"), deployment())
    wanted = (config(NEW, a="2"), config("fresh"), secret(password="hunter3", same="x"), deployment(NEW))
    capsys.readouterr()
    assert bench.diff(*wanted, options=("-o", "json")) == 3
    found = read_document(capsys.readouterr().out)
    assert found["counts"] == {
        "create": 2, "configure": 2, "recreate": 0, "prune": 2, "unchanged": 0, "skip": 0, "renamed": 1,
    }  # fmt: skip
    changes = {change["name"]: change for change in found["changes"]}
    assert changes[NEW]["renamedFrom"] == OLD
    assert changes[NEW]["fields"] == [{"path": "data.a", "change": "changed", "before": "1", "after": "2"}]
    assert changes[OLD]["renamedTo"] == NEW
    assert changes["gone"]["action"] == "prune"
    assert changes["db"]["fields"] == [{"path": "data.password", "change": "changed", "sensitive": True}]
    (reference,) = changes["web"]["fields"]
    assert (reference["before"], reference["after"], reference["follows"]) == (OLD, NEW, f"{OLD} → {NEW}")


def test_drift_names_who_did_it_and_a_conflict_is_refused_after_the_report(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.apply(config(a="1", b="1"))
    bench.edit(config(a="2"), "somebody")
    capsys.readouterr()
    assert bench.diff(config(a="1", b="1")) == 9
    out, err = capsys.readouterr()
    assert "somebody owns .data.a" in out
    assert "drifted" in out
    assert '~ data.a: "2" → "1"  (set by somebody)\n' in out
    assert err.startswith("Error: applying this would be refused for 1 reason")
    assert bench.diff(config(a="1", b="1"), options=("--force-conflicts",)) == 3


def test_a_diff_writes_nothing(bench: Bench) -> None:
    bench.apply(config(a="1"), config("gone"))
    kind = bench.port.resource_type("v1", "ConfigMap")
    assert kind is not None
    before = {body["metadata"]["name"]: body for body in bench.port.list_objects(kind, bench.namespace)}
    assert bench.diff(config(a="2"), config("fresh")) == 3
    after = {body["metadata"]["name"]: body for body in bench.port.list_objects(kind, bench.namespace)}
    assert after == before
