from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline import wiring
from pipeline.clock import SystemClock
from pipeline.model.applying.guards import Guards, PruneLimit
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.manifests import Body, Manifests, Resource
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.settings.connections import ClusterOptions
from pipeline.model.trust.policy import UnsafeSkipVerification
from pipeline.ports import Cluster
from pipeline.stages.apply import apply
from pipeline.stages.fetch import trust_local
from tests.platform import control_plane as platform
from tests.unit.apply.worlds import Listener


@dataclass
class Target:
    """One namespace of a real cluster, and the inventory ``shop`` in it."""

    cluster: Cluster
    namespace: str
    reporter: Listener = field(default_factory=Listener)

    def apply(self, *bodies: Body, **changes: bool | str | int) -> ApplyResult:
        # What guards keep has tests of its own.
        guards = Guards(max_prune=PruneLimit(100, is_percentage=True), protected=())
        options = ApplyOptions(
            inventory="shop", namespace=self.namespace, writer="tester@here", timeout=20.0, guards=guards
        )
        options = replace(options, **changes)  # type: ignore[arg-type]
        trusted = trust_local(Manifests.of(Resource.from_body(body) for body in bodies), UnsafeSkipVerification())
        return apply(trusted, self.cluster, options, reporter=self.reporter, clock=SystemClock())

    def read(self, api_version: str, kind: str, name: str) -> dict[str, Any] | None:
        found = self.cluster.resource_type(api_version, kind)
        assert found is not None
        body = self.cluster.read(found, self.namespace, name)
        return None if body is None else dict(body)

    def existing(self, api_version: str, kind: str, name: str) -> dict[str, Any]:
        body = self.read(api_version, kind, name)
        assert body is not None, f"{kind} {name} is not there"
        return body

    def config_map(self, name: str = "settings", **data: str) -> dict[str, Any]:
        return self.body("v1", "ConfigMap", name, data=data or {"key": "value"})

    def service(self, name: str = "web", port: int = 80) -> dict[str, Any]:
        return self.body("v1", "Service", name, spec={"selector": {"app": "web"}, "ports": [{"port": port}]})

    def deployment(self, name: str = "web", image: str = "shop.example/web:1", app: str = "web") -> dict[str, Any]:
        pod = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "web", "image": image}]}}
        spec = {"replicas": 1, "selector": {"matchLabels": {"app": app}}, "template": pod}
        return self.body("apps/v1", "Deployment", name, spec=spec)

    def body(self, api_version: str, kind: str, name: str, **rest: object) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


@pytest.fixture
def target(real_cluster: Cluster, namespace: str) -> Target:
    return Target(real_cluster, namespace)


@pytest.fixture
def kubectl(control_plane: platform.Cluster, tmp_path: Path) -> Callable[..., None]:
    """Run the real kubectl; ``input_body`` is handed to it as a file."""
    import json
    import subprocess

    from tests.platform.binaries import binary

    def run(*arguments: str, body: Body | None = None) -> None:
        more: list[str] = []
        if body is not None:
            file = tmp_path / "kubectl.json"
            file.write_text(json.dumps(body))
            more = ["-f", str(file)]
        environment = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig)}
        subprocess.run([str(binary("kubectl")), *arguments, *more], env=environment, check=True, capture_output=True)

    return run


@pytest.fixture
def as_user(control_plane: platform.Cluster, target: Target) -> Callable[[str], Target]:
    """The same namespace, seen by somebody with only the rights that were granted."""

    def connect(name: str) -> Target:
        options = ClusterOptions(kubeconfig=str(control_plane.user(name)))
        return replace(target, cluster=wiring.cluster(options, os.environ, target.reporter))

    return connect
