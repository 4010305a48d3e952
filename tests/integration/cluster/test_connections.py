"""One connection, several identities and clients; and kinds that come and go while it lives."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.clusters.kubernetes import connections, remote_connections
from pipeline.clusters.kubernetes.connection import Connection
from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Cluster as ClusterPort
from tests.integration.cluster.conftest import Document, Talk
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

CONFIG_MAPS = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)
DEFINITIONS = ResourceType(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)


@pytest.fixture
def connection(control_plane: Cluster, talk: Talk) -> Connection:
    return connections(ClusterOptions(kubeconfig=str(control_plane.kubeconfig)), os.environ, talk)


def _config_map(namespace: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace}, "data": data}


def _definition(kind: str) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.late.example"},
        "spec": {
            "group": "late.example",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def _eventually(happens: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_clients_of_one_connection_apply_under_their_own_managers(connection: Connection, namespace: str) -> None:
    ours = connection.cluster()
    flux = connection.cluster(manager="kustomize-controller")

    ours.apply(_config_map(namespace, color="blue"))
    flux.apply(_config_map(namespace, color="blue", size="xl"))

    assert (ours.manager, flux.manager) == ("gitless", "kustomize-controller")
    live = connection.api().read(CONFIG_MAPS, namespace, "a")
    assert live is not None
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {"gitless", "kustomize-controller"}


def test_a_service_account_has_its_own_rights_and_those_of_its_groups(
    connection: Connection, real_cluster: ClusterPort, namespace: str
) -> None:
    group = f"system:serviceaccounts:{namespace}"
    meta = {"name": "readers", "namespace": namespace}
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "readers"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
    }
    for body in (role, binding, _config_map(namespace)):
        real_cluster.apply(body)

    deployer = connection.impersonating(f"system:serviceaccount:{namespace}:deployer")

    _eventually(lambda: deployer.api().may("get", CONFIG_MAPS, namespace))
    assert deployer.api().read(CONFIG_MAPS, namespace, "a") is not None
    assert not deployer.api().may("delete", CONFIG_MAPS, namespace)
    with pytest.raises(ClusterError) as caught:
        deployer.cluster().apply(_config_map(namespace, color="red"))
    assert caught.value.code == "cluster.denied"
    assert f"system:serviceaccount:{namespace}:deployer" in caught.value.message
    assert connection.api().may("delete", CONFIG_MAPS, namespace)


def test_a_kubeconfig_from_a_secret_connects_by_certificate(
    admin: Document, talk: Talk, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for fields, names in (
        (admin["clusters"][0]["cluster"], ("certificate-authority",)),
        (admin["users"][0]["user"], ("client-certificate", "client-key")),
    ):
        for name in names:
            if name in fields:
                fields[f"{name}-data"] = base64.b64encode(Path(fields.pop(name)).read_bytes()).decode()

    remote = remote_connections(json.dumps(admin).encode(), "Secret shop/remote", {}, talk)
    remote.cluster(manager="kustomize-controller").apply(_config_map(namespace, color="blue"))

    assert remote.api().read(CONFIG_MAPS, namespace, "a") is not None
    assert list(tmp_path.iterdir()) == []
    remote.close()


def test_a_server_with_another_authority_is_not_trusted(admin: Document, talk: Talk) -> None:
    cluster = admin["clusters"][0]["cluster"]
    for name in ("certificate-authority", "certificate-authority-data"):
        cluster.pop(name, None)
    cluster["insecure-skip-tls-verify"] = True

    with pytest.raises(ClusterError, match="TLS") as caught:
        remote_connections(json.dumps(admin).encode(), "Secret shop/remote", {}, talk)

    assert caught.value.code == "cluster.unreachable"


def test_kinds_come_and_go_while_the_process_lives(connection: Connection, namespace: str) -> None:
    api = connection.api()
    assert api.resource_type("late.example/v1", "Comer") is None
    definition = _definition("Comer")
    # Somebody else defines it: nothing tells this process.
    api.apply(DEFINITIONS, definition, manager="kubectl", force=True)
    _eventually(lambda: api.resource_type("late.example/v1", "Comer") is not None)
    kind = api.resource_type("late.example/v1", "Comer")
    assert kind is not None
    _eventually(lambda: _is_listed(connection, kind, namespace))

    api.delete(DEFINITIONS, ObjectId("apiextensions.k8s.io", "CustomResourceDefinition", "", "comers.late.example"))

    _eventually(lambda: not _is_listed(connection, kind, namespace))
    assert api.read(kind, namespace, "a") is None
    _eventually(lambda: api.resource_type("late.example/v1", "Comer") is None)


def _is_listed(connection: Connection, kind: ResourceType, namespace: str) -> bool:
    try:
        connection.api().list(kind, namespace)
    except ClusterError:
        return False
    return True


def test_lists_longer_than_a_page_come_whole_with_one_version(
    connection: Connection, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.clusters.kubernetes.listing.PAGE_SIZE", 3)
    api = connection.api()
    for number in range(10):
        body = _config_map(namespace)
        api.create(CONFIG_MAPS, {**body, "metadata": {**body["metadata"], "name": f"n{number}"}}, manager="me")

    listing = api.list(CONFIG_MAPS, namespace, metadata_only=True)

    names = [item["metadata"]["name"] for item in listing.items]
    assert len(names) == len(set(names))
    assert {f"n{number}" for number in range(10)} <= set(names)
    watch = api.watch(CONFIG_MAPS, namespace, resource_version=listing.resource_version, seconds=20.0)
    api.create(CONFIG_MAPS, _config_map(namespace), manager="me")
    assert next(watch).body["metadata"]["name"] == "a"
    watch.close()
