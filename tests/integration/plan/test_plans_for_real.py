"""Plans against the real API server: applied exactly, refused when stale, and approved by a key."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.ports import Cluster as ClusterPort
from tests.command_line import Outcome
from tests.platform.binaries import binary
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

REPOSITORY = "oci-layout:out/shop"


class Delivery:
    """Releases in a layout folder, planned and applied into one namespace of the real cluster."""

    def __init__(
        self, control_plane: Cluster, port: ClusterPort, namespace: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.namespace = namespace
        self._kubeconfig = str(control_plane.kubeconfig)
        self._port = port
        self._capsys = capsys

    def run(self, *arguments: str, code: int = 0) -> Outcome:
        done = run_guarded(application, list(arguments))
        captured = self._capsys.readouterr()
        assert done == code, captured.err
        return Outcome(done, captured.out, captured.err)

    def release(self, tag: str, *bodies: dict[str, Any]) -> str:
        folder = Path("release")
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text("\n---\n".join(map(json.dumps, bodies)))
        url: str = self.run("package", "release", f"{REPOSITORY}:{tag}", "-o", "json").document["digestUrl"]
        self.run("sign", url, "--key", "cosign.key")
        return url

    def plan(self, tag: str) -> dict[str, Any]:
        trust = ("--key", "cosign.pub", "--save", "plan.json")
        self.run("plan", "live", f"{REPOSITORY}:{tag}", "--kubeconfig", self._kubeconfig, "-n", self.namespace, *trust)
        document: dict[str, Any] = json.loads(Path("plan.json").read_text())
        return document

    def apply(self, *options: str, code: int = 0) -> Outcome:
        trust = ("--key", "cosign.pub", "--kubeconfig", self._kubeconfig)
        return self.run("apply", "--plan", "plan.json", *trust, *options, code=code)

    def kubectl(self, *arguments: str) -> None:
        program = [str(binary("kubectl")), "--kubeconfig", self._kubeconfig, "-n", self.namespace]
        subprocess.run([*program, *arguments], check=True, capture_output=True)

    def read(self, kind: str, name: str, api_version: str = "v1", namespace: str = "") -> dict[str, Any] | None:
        found = self._port.resource_type(api_version, kind)
        assert found is not None
        body = self._port.read(found, namespace or self.namespace, name)
        return None if body is None else dict(body)


@pytest.fixture
def delivery(
    control_plane: Cluster,
    real_cluster: ClusterPort,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Delivery:
    """The first release is applied."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    made = Delivery(control_plane, real_cluster, namespace, capsys)
    made.run("keys", "generate")
    made.release("v1", config("settings", color="blue"), config("old", a="1"), service(), deployment("shop/web:1"))
    made.plan("v1")
    made.apply()
    return made


def config(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def service() -> dict[str, Any]:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def deployment(image: str, **spec: object) -> dict[str, Any]:
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    whole = {"selector": {"matchLabels": {"app": "web"}}, "template": pod, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


def changes(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(change["action"], change["name"]) for change in document["changes"]}


def release_two(delivery: Delivery) -> None:
    delivery.release("v2", config("settings", color="red"), config("new", a="1"), service(), deployment("shop/web:2"))


def test_a_plan_is_applied_exactly_while_controllers_report(delivery: Delivery) -> None:
    release_two(delivery)
    document = delivery.plan("v2")

    wanted = {("configure", "settings"), ("configure", "web"), ("create", "new"), ("prune", "old")}
    assert changes(document) == wanted
    (restart,) = document["blastRadius"]["restarts"]
    assert restart == {
        "object": f"Deployment.apps {delivery.namespace}/web",
        "reason": "its Pod template changes: containers[name=web].image",
    }
    assert len(document["basis"]["cluster"]["uid"]) == 36
    result = delivery.apply("-o", "json").document

    assert changes(result) == wanted
    live = delivery.read("ConfigMap", "settings")
    assert live is not None
    assert live["data"] == {"color": "red"}
    assert delivery.read("ConfigMap", "old") is None


def test_a_service_that_loses_its_last_workload_is_named_from_the_live_objects(delivery: Delivery) -> None:
    delivery.release("v2", config("settings", color="blue"), config("old", a="1"), service())

    (lost,) = delivery.plan("v2")["blastRadius"]["endpointsLost"]

    assert lost["object"] == f"Service {delivery.namespace}/web"
    assert lost["reason"] == "all of them: Deployment web is deleted"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"size":"xl"}}'),
         "ConfigMap {}/settings: somebody has changed it since the plan was made"),
        (("scale", "deployment", "web", "--replicas=3"),
         "Deployment.apps {}/web: somebody has changed it since the plan was made"),
        (("delete", "configmap", "old"), "ConfigMap {}/old: planned to prune it, and now nothing is to be done"),
        (("create", "configmap", "new", "--from-literal=b=1"),
         "ConfigMap {}/new: planned to create it, and now it would be configured"),
        (("label", "configmap", "gitless-inventory-shop", "touched=yes"),
         "inventory {}/shop: it has changed since the plan was made"),
    ],
)  # fmt: skip
def test_a_stale_plan_is_refused_and_nothing_written(delivery: Delivery, command: tuple[str, ...], told: str) -> None:
    release_two(delivery)
    delivery.plan("v2")
    delivery.kubectl(*command)

    err = delivery.apply(code=9).err

    assert "plan.json no longer holds, so nothing was written:" in err
    assert told.format(delivery.namespace) in err
    live = delivery.read("ConfigMap", "settings")
    assert live is not None
    assert live["data"]["color"] == "blue"


def test_what_comes_with_its_namespace_is_applied_exactly(delivery: Delivery) -> None:
    fresh = f"fresh-{uuid.uuid4().hex[:8]}"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fresh}}
    account = {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": fresh},
        "imagePullSecrets": [{"name": "registry"}],
    }  # fmt: skip
    inside = config("inside", a="1")
    inside["metadata"]["namespace"] = fresh
    delivery.release("v2", config("settings", color="blue"), namespace, account, inside, service(),
                     config("old", a="1"), deployment("shop/web:1"))  # fmt: skip
    document = delivery.plan("v2")

    assert changes(document) == {("create", fresh), ("create", "default"), ("create", "inside")}
    delivery.apply()

    live = delivery.read("ServiceAccount", "default", namespace=fresh)
    assert live is not None
    assert live["imagePullSecrets"] == [{"name": "registry"}]
    delivery.kubectl("delete", "namespace", fresh, "--wait=false")


def test_only_the_plan_that_the_reviewer_approved_is_applied(delivery: Delivery) -> None:
    release_two(delivery)
    delivery.run("keys", "generate", "--output-key-prefix", "reviewer")
    approved = delivery.plan("v2")
    attest = ("attest", approved["to"]["digestUrl"], "--type", "plan", "--predicate", "plan.json")
    reviewer = ("--require-approval", "--approved-by", "reviewer.pub")

    assert "is not approved by reviewer.pub" in delivery.apply(*reviewer, code=4).err
    delivery.run(*attest, "--key", "cosign.key")
    assert "is not approved by reviewer.pub" in delivery.apply(*reviewer, code=4).err
    delivery.run(*attest, "--key", "reviewer.key")
    result = delivery.apply(*reviewer, "-o", "json").document

    assert result["planDigest"] == approved["digest"]
    assert result["approvals"][0]["signer"].startswith("reviewer.pub")
