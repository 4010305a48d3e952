"""One recipe per member of the cluster family: how to get one, and a namespace of the test's own in it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline import wiring
from pipeline.model.manifests import Body
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Cluster
from pipeline.reports.console import JsonLog
from pipeline.testing.cluster import MemoryCluster


@dataclass(frozen=True)
class Place:
    """A cluster and a namespace that exists in it."""

    cluster: Cluster
    namespace: str

    def config_map(self, name: str = "settings", **data: str) -> dict[str, Any]:
        return self.body("v1", "ConfigMap", name, data=data)

    def deployment(self, name: str = "web", image: str = "shop.example/web:1", app: str = "web") -> dict[str, Any]:
        pod = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "web", "image": image}]}}
        spec = {"replicas": 0, "selector": {"matchLabels": {"app": app}}, "template": pod}
        return self.body("apps/v1", "Deployment", name, spec=spec)

    def body(self, api_version: str, kind: str, name: str, **rest: object) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}

    def read(self, body: Body) -> Body | None:
        found = self.cluster.resource_type(body["apiVersion"], body["kind"])
        assert found is not None
        return self.cluster.read(found, body["metadata"]["namespace"], body["metadata"]["name"])


@pytest.fixture(params=["memory", pytest.param("kubernetes", marks=pytest.mark.cluster)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    namespace = f"contract-{uuid.uuid4().hex[:8]}"
    if request.param == "memory":
        yield Place(MemoryCluster(namespaces=("default", namespace)), namespace)
        return
    kubeconfig: Path = request.getfixturevalue("control_plane").kubeconfig
    with Path(os.devnull).open("w") as silent:
        reporter = JsonLog(silent, verbose=False)
        cluster = wiring.cluster(ClusterOptions(kubeconfig=str(kubeconfig)), os.environ, reporter)
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        yield Place(cluster, namespace)
