from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline.model.flux.api import DEPLOYMENTS, EVENTS, KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import Body, ObjectId
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock
from tests.unit.inspecting.support import PODS
from tests.unit.verify.support import Talk


@dataclass
class World:
    """An API server in memory with two namespaces, and what was said while it was looked at."""

    server: MemoryApiServer = field(default_factory=lambda: MemoryApiServer(namespaces=("flux-system", "shop")))
    clock: MemoryClock = field(default_factory=MemoryClock)
    talk: Talk = field(default_factory=Talk)

    def source(self, name: str, namespace: str = "shop", **more: Any) -> Body:  # noqa: ANN401 - parts of an object
        body = {
            "apiVersion": OCI_REPOSITORIES.api_version,
            "kind": OCI_REPOSITORIES.kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"interval": "1m", "url": "oci://registry.test/shop"},
        }
        return self.server.create(OCI_REPOSITORIES, body | more, manager="test")

    def kustomization(
        self,
        name: str,
        namespace: str = "shop",
        *,
        source: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
        status: dict[str, Any] | None = None,
        **spec: object,
    ) -> Body:
        reference = source or {"kind": "OCIRepository", "name": "shop"}
        body = {
            "apiVersion": KUSTOMIZATIONS.api_version,
            "kind": KUSTOMIZATIONS.kind,
            "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
            "spec": {"interval": "10m", "prune": True, "sourceRef": reference, **spec},
        }
        made = self.server.create(KUSTOMIZATIONS, body, manager="test")
        if status is None:
            return made
        object_id = ObjectId(KUSTOMIZATIONS.group, KUSTOMIZATIONS.kind, namespace, name)
        self.server.merge_patch(KUSTOMIZATIONS, object_id, {"status": status}, manager="test", subresource="status")
        return made

    def event(self, name: str, involved: Body, message: str, **more: Any) -> Body:  # noqa: ANN401 - parts of an event
        metadata = involved["metadata"]
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": metadata["namespace"]},
            "involvedObject": {
                "kind": involved["kind"],
                "namespace": metadata["namespace"],
                "name": metadata["name"],
            },
            "type": "Normal",
            "reason": "Progressing",
            "message": message,
        }
        return self.server.create(EVENTS, body | more, manager="test")

    def pod(self, name: str, *, containers: tuple[str, ...] = ("puller",), **metadata: Any) -> Body:  # noqa: ANN401 - parts of metadata
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "flux-system", **metadata},
            "spec": {"containers": [{"name": container, "image": "x"} for container in containers]},
        }
        return self.server.create(PODS, body, manager="test")

    def puller_pod(self, name: str) -> Body:
        return self.pod(name, labels={"app.kubernetes.io/name": "gitless-puller"})

    def controller(self, name: str) -> None:
        """One of Flux's controllers with its pod, which carries none of the labels of the Deployment."""
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": "flux-system", "labels": {"app.kubernetes.io/part-of": "flux"}},
            "spec": {"selector": {"matchLabels": {"app": name}}},
        }
        self.server.create(DEPLOYMENTS, body, manager="test")
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-5", "uid": "u", "controller": True}
        self.pod(
            f"{name}-5-x",
            containers=("sidecar", "manager"),
            labels={"app": name, "pod-template-hash": "5"},
            ownerReferences=[owner],
        )


@pytest.fixture
def world() -> World:
    return World()
