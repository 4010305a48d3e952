"""Flux's kinds on a real API server, with objects and statuses that the tests write themselves."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import ApiServer
from pipeline.reports.console import JsonLog
from tests.command_line import Outcome
from tests.platform.control_plane import Cluster

MANAGER = "test"
Gitless = Callable[..., Outcome]


@dataclass(frozen=True)
class World:
    """One namespace of a cluster that serves Flux's kinds."""

    server: ApiServer
    namespace: str

    def create(self, body: Body, status: object = None) -> Body:
        """Create it in the namespace, and give it a status."""
        made = {**body, "metadata": {"namespace": self.namespace, **body["metadata"]}}
        kind = self.server.resource_type(body["apiVersion"], body["kind"])
        assert kind is not None
        found = self.server.create(kind, made, manager=MANAGER)
        if status is None:
            return found
        object_id = ObjectId(kind.group, kind.kind, self.namespace, made["metadata"]["name"])
        patched = self.server.merge_patch(kind, object_id, {"status": status}, manager=MANAGER, subresource="status")
        assert patched is not None
        return patched

    def read(self, kind: ResourceType, name: str) -> Body | None:
        return self.server.read(kind, self.namespace, name)

    def kustomization(
        self,
        name: str,
        *,
        inventory: tuple[str, ...] = (),
        status: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        **spec: object,
    ) -> Body:
        """A Kustomization that applied what has these inventory ids; ``{ns}`` in them is the namespace."""
        entries = [{"id": text.replace("{ns}", self.namespace), "v": "v1"} for text in inventory]
        body = {
            "apiVersion": KUSTOMIZATIONS.api_version,
            "kind": KUSTOMIZATIONS.kind,
            "metadata": {"name": name, **(metadata or {})},
            "spec": {
                "interval": "10m",
                "prune": True,
                "path": "./deploy",
                "sourceRef": {"kind": "OCIRepository", "name": "apps"},
                **spec,
            },
        }
        return self.create(body, {"observedGeneration": 1, "inventory": {"entries": entries}, **(status or {})})

    def source(self, name: str = "apps", *, status: dict[str, Any] | None = None, **spec: object) -> Body:
        """An OCIRepository."""
        body = {
            "apiVersion": OCI_REPOSITORIES.api_version,
            "kind": OCI_REPOSITORIES.kind,
            "metadata": {"name": name},
            "spec": {"interval": "5m", "url": "oci://registry.test/apps", "ref": {"tag": "1.0"}, **spec},
        }
        return self.create(body, status or {})

    def config_map(self, name: str, **metadata: object) -> Body:
        return self.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}})

    def owned_by(self, name: str) -> dict[str, str]:
        """The labels of what a Kustomization of the namespace applied."""
        return {
            "kustomize.toolkit.fluxcd.io/name": name,
            "kustomize.toolkit.fluxcd.io/namespace": self.namespace,
        }

    def event(self, name: str, involved: Body, message: str, **more: object) -> Body:
        """An Event about an object."""
        metadata = involved["metadata"]
        reference = {
            "apiVersion": involved["apiVersion"],
            "kind": involved["kind"],
            "namespace": self.namespace,
            "name": metadata["name"],
            "uid": metadata["uid"],
        }
        body = {"type": "Normal", "reason": "Progressing", "count": 1, **more, "message": message}
        head = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, "involvedObject": reference}
        return self.create({**head, **body})


@pytest.fixture(scope="session")
def server(control_plane: Cluster) -> ApiServer:
    """The port to the control plane, which serves Flux's kinds from now on."""
    reporter = JsonLog(io.StringIO(), verbose=False)
    found = wiring.api_server(ClusterOptions(kubeconfig=str(control_plane.kubeconfig)), os.environ, reporter)
    definitions = found.resource_type("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert definitions is not None
    for kind in (KUSTOMIZATIONS, OCI_REPOSITORIES):
        name = f"{kind.plural}.{kind.group}"
        if found.read(definitions, "", name) is None:
            found.create(definitions, _definition(kind), manager=MANAGER)
        while found.resource_type(kind.api_version, kind.kind) is None:
            wiring.clock().sleep(0.1)
    return found


@pytest.fixture
def world(server: ApiServer, namespace: str) -> World:
    return World(server, namespace)


@pytest.fixture
def gitless(control_plane: Cluster, world: World, capsys: pytest.CaptureFixture[str]) -> Gitless:
    """Run a command line against the cluster, in the test's namespace."""

    def run(*arguments: str) -> Outcome:
        connection = ("--kubeconfig", str(control_plane.kubeconfig), "-n", world.namespace)
        code = run_guarded(application, [*arguments, *connection])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


def _definition(kind: ResourceType) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced",
            "names": {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }
