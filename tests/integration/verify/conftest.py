"""Publishes, signs and applies with the stages themselves, then verifies by the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.clock import SystemClock
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import PinnedReference, Reference, Repository
from pipeline.model.manifests import Body
from pipeline.model.trust.policy import UnsafeSkipVerification
from pipeline.ports import Cluster
from pipeline.registries.layout import LayoutRegistry
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.apply import apply
from pipeline.stages.fetch import fetch
from pipeline.stages.package import package
from pipeline.stages.sign import sign
from tests.command_line import Outcome
from tests.platform import control_plane as platform
from tests.trusting import trusting
from tests.unit.sign.support import policy, private_key, public_pem, signer
from tests.unit.verify.support import Talk


@dataclass(frozen=True)
class Deployer:
    """One namespace of a real cluster, and a layout folder that artifacts are published to."""

    cluster: Cluster
    namespace: str
    folder: Path

    def deploy(self, *bodies: Body, signed: bool = True, inventory: str = "shop") -> PinnedReference:
        registry = LayoutRegistry(Repository("", str(self.folder / "store")))
        files = [("all.yaml", yaml.safe_dump_all(bodies).encode())]
        artifact = package(build_artifact(pack(files)), registry, tags=("v1",), reporter=Talk()).artifact
        if signed:
            sign(artifact, registry, signer("ours"), CosignVerifier())
        trust = policy("ours") if signed else UnsafeSkipVerification()
        trusted = fetch(
            Reference(artifact.repository, None, artifact.digest), registry, trusting(CosignVerifier()), trust
        )
        options = ApplyOptions(inventory=inventory, namespace=self.namespace, writer="tester@here")
        apply(trusted, self.cluster, options, reporter=Talk(), clock=SystemClock())
        return artifact

    def deployment(self, name: str = "web", replicas: int = 2, rehearse: str = "") -> dict[str, Any]:
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "template": self._pod(name, rehearse),
            },
        }

    def job(self, name: str = "migrate", rehearse: str = "") -> dict[str, Any]:
        template = self._pod(name, rehearse)
        template["spec"]["restartPolicy"] = "Never"
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"backoffLimit": 0, "template": template},
        }

    def pod(self, name: str = "single") -> dict[str, Any]:
        template = self._pod(name, "")
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": self.namespace, **template["metadata"]},
            "spec": template["spec"],
        }

    def config_map(self, name: str = "settings", **data: str) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"key": "value"}}

    def _pod(self, name: str, rehearse: str) -> dict[str, Any]:
        labels = {"app": name} | ({"gitless.dev/rehearse": rehearse} if rehearse else {})
        containers = [{"name": "main", "image": "shop.example/main:1"}]
        return {"metadata": {"labels": labels}, "spec": {"containers": containers}}


@pytest.fixture
def deployer(real_cluster: Cluster, namespace: str, tmp_path: Path) -> Deployer:
    return Deployer(real_cluster, namespace, tmp_path)


Verify = Callable[..., Outcome]


@pytest.fixture
def verify(
    control_plane: platform.Cluster, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Verify:
    """``gitless verify`` in the test's namespace, trusting the key ``ours``."""
    key = tmp_path / "ours.pub"
    key.write_text(public_pem(private_key("ours")))

    def run(*arguments: str, trust: tuple[str, ...] = ("--key", str(key)), kubeconfig: Path | None = None) -> Outcome:
        place = ("--kubeconfig", str(kubeconfig or control_plane.kubeconfig), "-n", namespace)
        code = run_guarded(application, ["verify", *place, *trust, *arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
