"""``wait``, ``reconcile``, ``suspend`` and ``resume``: alike with Flux's own controllers and with the puller."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.model.flux.definitions import DEFINITIONS
from tests.command_line import Outcome
from tests.platform import flux as platform
from tests.platform.control_plane import ControlPlane
from tests.platform.puller import Puller, puller
from tests.platform.registries import ReferrersRegistry

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("flux")]

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: default\ndata: {value: VALUE}\n"
BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: nowhere}\n"
UNHEALTHY = (
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: never, namespace: default}\n"
    "spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}\n"
)


@dataclass(frozen=True)
class Platform:
    folder: Path
    kubeconfig: Path
    registry: str


@dataclass(frozen=True)
class Delivery:
    """One source and its Kustomization, named alike."""

    platform: Platform
    name: str
    run: Callable[..., Outcome]

    def publish(self, manifest: str) -> str:
        """Push it under the tag that the source follows; the artifact's URL by digest."""
        folder = self.platform.folder / self.name
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text(manifest)
        url = f"oci://{self.platform.registry}/{self.name}:main"
        reference: str = self.run("package", str(folder), url, "-o", "json").document["digestUrl"]
        return reference

    def create(self, **spec: Any) -> None:  # noqa: ANN401 - fields of a Kustomization
        source = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": {"name": self.name, "namespace": "default"},
            "spec": {
                "url": f"oci://{self.platform.registry}/{self.name}",
                "ref": {"tag": "main"},
                "interval": "1h",
                "insecure": True,
            },
        }
        kustomization = {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": self.name, "namespace": "default"},
            "spec": {
                "interval": "1h",
                "timeout": "3s",
                "prune": True,
                "wait": True,
                "sourceRef": {"kind": "OCIRepository", "name": self.name},
                **spec,
            },
        }
        file = self.platform.folder / f"{self.name}.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [source, kustomization]}))
        platform._kubectl(self.platform.kubeconfig, "apply", "-f", str(file))

    def cluster(self, *arguments: str) -> Outcome:
        return self.run(*arguments, "-n", "default", "--kubeconfig", str(self.platform.kubeconfig))

    def wait(self, reference: str, *arguments: str) -> Outcome:
        return self.cluster("wait", reference, "--timeout", "60s", "-o", "json", *arguments)


@contextmanager
def _puller(folder: Path, kubeconfig: Path) -> Iterator[Puller]:
    folder.mkdir()
    definitions = folder / "definitions.json"
    definitions.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": DEFINITIONS}))
    platform._kubectl(kubeconfig, "apply", "--server-side", "-f", str(definitions))
    platform._kubectl(kubeconfig, "wait", "--for=condition=Established", "crd", "--all")
    platform._kubectl(kubeconfig, "create", "namespace", platform.NAMESPACE)
    with puller(folder, kubeconfig) as running:
        yield running


@pytest.fixture(scope="module", params=["flux", "puller"])
def served(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp(request.param)
    serve: Callable[..., AbstractContextManager[object]]
    serve = platform.controllers if request.param == "flux" else _puller
    with (
        ReferrersRegistry.start(folder / "registry") as registry,
        ControlPlane.start(folder / "cluster", workloads=False) as plane,
        serve(folder / "serving", plane.kubeconfig),
    ):
        yield Platform(folder, plane.kubeconfig, registry.address)


@pytest.fixture
def delivery(served: Platform, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Delivery:
    def run(*arguments: str) -> Outcome:
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return Delivery(served, request.node.originalname.replace("_", "-").removeprefix("test-")[:40].strip("-"), run)


def test_a_first_delivery_and_the_next_are_each_awaited(delivery: Delivery) -> None:
    first = delivery.publish(GOOD.replace("VALUE", "one"))
    delivery.create()
    arrived = delivery.wait(first)
    assert arrived.code == 0, arrived.err

    second = delivery.publish(GOOD.replace("VALUE", "two"))
    followed = delivery.wait(second, "--reconcile")

    assert followed.code == 0, followed.err
    assert followed.document["kustomizations"][0]["lastAppliedDigest"] == second.rpartition("@")[2]
    overtaken = delivery.wait(first, "--reconcile")
    assert (overtaken.code, overtaken.document["outcome"]) == (7, "superseded")


def test_what_cannot_be_applied_fails_at_once(delivery: Delivery) -> None:
    reference = delivery.publish(BROKEN)
    delivery.create()

    outcome = delivery.wait(reference)

    assert (outcome.code, outcome.document["outcome"]) == (7, "failed")
    assert "ReconciliationFailed" in outcome.document["reason"]


def test_what_does_not_become_healthy_fails_at_its_timeout(delivery: Delivery) -> None:
    reference = delivery.publish(UNHEALTHY)
    delivery.create()

    outcome = delivery.wait(reference)

    assert (outcome.code, outcome.document["outcome"]) == (7, "failed")
    assert "HealthCheckFailed" in outcome.document["reason"]


def test_a_path_that_is_missing_fails_at_once(delivery: Delivery) -> None:
    reference = delivery.publish(GOOD)
    delivery.create(path="./nowhere")

    outcome = delivery.wait(reference)

    assert (outcome.code, outcome.document["outcome"]) == (7, "failed")
    assert "ArtifactFailed" in outcome.document["reason"]


def test_suspending_reconciling_and_resuming(delivery: Delivery) -> None:
    reference = delivery.publish(GOOD.replace("VALUE", "one"))
    delivery.create()
    assert delivery.wait(reference).code == 0
    newer = delivery.publish(GOOD.replace("VALUE", "two"))

    assert delivery.cluster("suspend", "ks", delivery.name).code == 0
    assert delivery.cluster("reconcile", "ks", delivery.name).code == 2
    source = delivery.cluster("reconcile", "source", "oci", delivery.name, "-o", "json")
    assert source.code == 0, source.err
    assert source.document["objects"][0]["digest"] == newer.rpartition("@")[2]
    stopped = delivery.wait(newer)
    assert (stopped.code, "it is suspended" in stopped.err) == (7, True)

    resumed = delivery.cluster("resume", "ks", delivery.name, "--wait", "-o", "json")
    assert resumed.code == 0, resumed.err
    assert resumed.document["reconciled"][0]["digest"] == newer.rpartition("@")[2]
    again = delivery.cluster("reconcile", "ks", delivery.name, "--with-source", "-o", "json")
    assert [item["result"] for item in again.document["objects"]] == ["ready", "ready"]
    shown = delivery.cluster("get", "ks", delivery.name, "-o", "json").document["objects"][0]
    assert (shown["ready"], shown["suspended"]) == ("True", False)
