"""One recipe per API server: how to get one, and a namespace of the test's own in it."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline import wiring
from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType, WatchEvent
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import ApiServer, Stream
from pipeline.reports.console import JsonLog
from pipeline.testing.api_server import MemoryApiServer

CONFIG_MAPS = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)
NAMESPACES = ResourceType("v1", "Namespace", "namespaces", namespaced=False)
DEFINITIONS = ResourceType(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
CRATES = ResourceType("contract.example/v1", "Crate", "crates", namespaced=True)
MANAGER = "tester"

_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CRATE_DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "crates.contract.example"},
    "spec": {
        "group": "contract.example",
        "scope": "Namespaced",
        "names": {"kind": "Crate", "plural": "crates", "singular": "crate", "listKind": "CrateList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {"type": "object", "properties": {"spec": _ANYTHING, "status": _ANYTHING}}
                },
            }
        ],
    },
}


@dataclass(frozen=True)
class Place:
    """An API server and a namespace that exists in it."""

    api: ApiServer
    namespace: str

    def config_map(self, name: str = "settings", labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace, **({"labels": labels} if labels else {})}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def crate(self, name: str = "mine", **spec: object) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": "contract.example/v1", "kind": "Crate", "metadata": metadata, "spec": spec}

    def id(self, kind: ResourceType, name: str) -> ObjectId:
        return ObjectId(kind.group, kind.kind, self.namespace, name)

    def create(self, body: Body, kind: ResourceType = CONFIG_MAPS) -> Body:
        return self.api.create(kind, body, manager=MANAGER)

    def patch(self, kind: ResourceType, name: str, patch: dict[str, Any], subresource: str = "") -> Body | None:
        return self.api.merge_patch(kind, self.id(kind, name), patch, manager=MANAGER, subresource=subresource)

    def watch(self, version: str, kind: ResourceType = CONFIG_MAPS, **options: Any) -> Stream[WatchEvent]:  # noqa: ANN401
        return self.api.watch(kind, self.namespace, resource_version=version, **{"seconds": 30.0, **options})

    def version(self) -> str:
        """Now, to watch from."""
        return self.api.list(CONFIG_MAPS, self.namespace).resource_version


def eventually(happens: Callable[[], bool], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(params=["memory", pytest.param("kubernetes", marks=pytest.mark.cluster)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    namespace = f"contract-{uuid.uuid4().hex[:8]}"
    if request.param == "memory":
        yield Place(MemoryApiServer(namespaces=("default", namespace)), namespace)
        return
    kubeconfig: Path = request.getfixturevalue("control_plane").kubeconfig
    with Path(os.devnull).open("w") as silent:
        reporter = JsonLog(silent, verbose=False)
        api = wiring.api_server(ClusterOptions(kubeconfig=str(kubeconfig)), os.environ, reporter)
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        api.create(NAMESPACES, body, manager=MANAGER)
        # What controllers put into every namespace would come into the middle of a test.
        eventually(lambda: api.read(CONFIG_MAPS, namespace, "kube-root-ca.crt") is not None)
        yield Place(api, namespace)
        api.delete(NAMESPACES, ObjectId("", "Namespace", "", namespace))


@pytest.fixture
def shop(place: Place) -> Place:
    """Where crates are served: objects with a status subresource."""
    place.api.apply(DEFINITIONS, CRATE_DEFINITION, manager=MANAGER, force=True)

    def is_served() -> bool:
        try:
            place.api.list(CRATES, place.namespace)
        except ClusterError:
            return False
        return place.api.resource_type("contract.example/v1", "Crate") is not None

    eventually(is_served)
    return place
