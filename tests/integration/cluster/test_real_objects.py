"""What the contract leaves to the real API server: its answers, its other writers, its limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from pipeline.clusters.kubernetes import listing
from pipeline.clusters.kubernetes.cluster import KubernetesCluster
from pipeline.errors import ClusterError, FieldConflictError, RefusedError
from pipeline.model.applying.field_managers import owner_of_field
from pipeline.model.applying.fingerprint import fingerprint
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId, Resource
from tests.integration.cluster.conftest import Talk
from tests.platform.binaries import binary
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

Found = TypeVar("Found")
Kubectl = Callable[..., str]
CONFIG_MAPS = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)
DEPLOYMENTS = ResourceType("apps/v1", "Deployment", "deployments", namespaced=True)


@pytest.fixture
def cluster(control_plane: Cluster, connected: Callable[..., KubernetesCluster]) -> KubernetesCluster:
    return connected(kubeconfig=str(control_plane.kubeconfig))


@pytest.fixture
def kubectl(control_plane: Cluster, namespace: str) -> Kubectl:
    """Runs kubectl in the test's namespace: another manager than we are."""
    import subprocess

    def run(*arguments: str, stdin: str = "") -> str:
        command = [str(binary("kubectl")), "--kubeconfig", str(control_plane.kubeconfig), "-n", namespace, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout

    return run


def _config_map(namespace: str, name: str = "settings", **data: object) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def _deployment(namespace: str, replicas: int = 1) -> dict[str, Any]:
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": pod}
    metadata = {"name": "web", "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _until(condition: Callable[[], Found | None], seconds: float = 90.0) -> Found:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def _live(cluster: KubernetesCluster, kind: ResourceType, namespace: str, name: str) -> Body:
    body = cluster.read(kind, namespace, name)
    assert body is not None
    return body


def test_controllers_do_not_change_a_workloads_fingerprint(cluster: KubernetesCluster, namespace: str) -> None:
    applied = cluster.apply(_deployment(namespace), metadata_only=True)

    def ready() -> Body | None:
        body = _live(cluster, DEPLOYMENTS, namespace, "web")
        return body if body["status"].get("readyReplicas") else None

    live = _until(ready)
    assert live["metadata"]["resourceVersion"] != applied["metadata"]["resourceVersion"]
    assert fingerprint(live["metadata"]) == fingerprint(applied["metadata"])


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (("scale", "deployment/web", "--replicas=3"), "spec.replicas"),
        (("label", "deployment/web", "tier=front"), "metadata.labels.tier"),
        (("annotate", "deployment/web", "note=x"), "metadata.annotations.note"),
        (("set", "image", "deployment/web", "web=web:2"), "spec.template.spec.containers[name=web].image"),
    ],
)
def test_people_do_change_it_and_are_named(
    command: tuple[str, ...], path: str, cluster: KubernetesCluster, namespace: str, kubectl: Kubectl
) -> None:
    before = cluster.apply(_deployment(namespace, replicas=0))["metadata"]

    kubectl(*command)

    after = _live(cluster, DEPLOYMENTS, namespace, "web")["metadata"]
    assert fingerprint(after) != fingerprint(before)
    assert owner_of_field(after["managedFields"], path).startswith("kubectl")


def test_two_changes_within_a_second_give_two_fingerprints(
    cluster: KubernetesCluster, namespace: str, kubectl: Kubectl
) -> None:
    cluster.apply(_config_map(namespace, color="blue"))
    prints = set()
    for color in ("red", "green", "black"):
        kubectl("patch", "configmap/settings", "-p", f'{{"data":{{"color":"{color}"}}}}')
        prints.add(fingerprint(_live(cluster, CONFIG_MAPS, namespace, "settings")["metadata"]))

    assert len(prints) == 3


def test_other_managers_fields_are_a_conflict_until_forced(
    cluster: KubernetesCluster, namespace: str, kubectl: Kubectl
) -> None:
    cluster.apply(_deployment(namespace, replicas=0))
    kubectl("scale", "deployment/web", "--replicas=2")

    with pytest.raises(FieldConflictError) as caught:
        cluster.apply(_deployment(namespace, replicas=0))

    assert caught.value.conflicts == (("kubectl", ".spec.replicas"),)
    assert cluster.apply(_deployment(namespace, replicas=0), force=True)["spec"]["replicas"] == 0


def test_lists_longer_than_a_page_are_read_to_the_end(
    cluster: KubernetesCluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    names = [f"settings-{number}" for number in range(5)]
    for name in names:
        cluster.apply(
            {**_config_map(namespace, name), "metadata": {"name": name, "namespace": namespace, "labels": {"a": "b"}}}
        )

    found = list(cluster.list_metadata(CONFIG_MAPS, namespace, "a=b"))

    assert [item["metadata"]["name"] for item in found] == names
    assert {(item["apiVersion"], item["kind"]) for item in found} == {("v1", "ConfigMap")}
    assert not any("data" in item for item in found)


def test_objects_without_a_namespace_go_into_the_default_one(
    control_plane: Cluster, connected: Callable[..., KubernetesCluster], namespace: str
) -> None:
    cluster = connected(kubeconfig=str(control_plane.kubeconfig), namespace=namespace)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}

    assert cluster.apply(body)["metadata"]["namespace"] == namespace


def test_misspelt_fields_are_refused_by_name(cluster: KubernetesCluster, namespace: str) -> None:
    body = _deployment(namespace)
    body["spec"]["replcas"] = 2

    with pytest.raises(ClusterError, match=r"spec\.replcas") as caught:
        cluster.apply(body, dry_run=True)
    assert caught.value.code == "cluster.invalid"


@pytest.mark.parametrize(
    "fields",
    [
        {"stringData": {"password": 730165}},
        {"data": {"password": "!!730165"}},
        {"data": {"pass word": "NzMwMTY1"}},
        {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "730165"}},
        {"data": "730165"},
        {"stringData": {"password": "730165"}, "metadata_": "730165"},
    ],
)
def test_no_message_shows_a_secrets_values(fields: dict[str, Any], cluster: KubernetesCluster, namespace: str) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": namespace}, **fields}

    with pytest.raises(ClusterError) as caught:
        cluster.apply(body)

    assert "730165" not in f"{caught.value.message} {caught.value.hint}"
    assert f"Secret {namespace}/login" in caught.value.message


def test_what_is_too_large_is_told_so(cluster: KubernetesCluster, namespace: str) -> None:
    for size in (1_100_000, 3_200_000):
        with pytest.raises(ClusterError) as caught:
            cluster.apply(_config_map(namespace, blob="x" * size), dry_run=True)
        assert caught.value.code == "cluster.too-large"


def test_deprecated_versions_are_warned_about(cluster: KubernetesCluster, namespace: str, talk: Talk) -> None:
    body = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "old", "namespace": namespace}}

    cluster.apply(body, dry_run=True)

    assert ["deprecated" in warning for warning in talk.warnings] == [True]


def test_a_pods_events_come_in_order(cluster: KubernetesCluster, namespace: str) -> None:
    pod = _deployment(namespace)["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace}, "spec": pod["spec"]}
    uid = cluster.apply(pod)["metadata"]["uid"]

    events = _until(lambda: cluster.events(Resource.from_body(pod).id, uid))

    assert events[0].reason == "Scheduled"
    assert f"{namespace}/web" in events[0].message
    assert events[0].last_seen.startswith("20")
    assert list(events) == sorted(events, key=lambda event: event.last_seen)


def test_logs_that_cannot_be_had_are_empty(cluster: KubernetesCluster, namespace: str) -> None:
    assert cluster.logs(namespace, "absent", "web", lines=5) == ()
    assert cluster.logs(namespace, "absent", "web", lines=5, previous=True) == ()


def test_a_namespace_that_is_being_deleted_may_be_deleted_again(cluster: KubernetesCluster, namespace: str) -> None:
    held = _config_map(namespace)
    held["metadata"]["finalizers"] = ["shop.example/hold"]
    cluster.apply(held)
    kind = cluster.resource_type("v1", "Namespace")
    assert kind is not None
    uid = _live(cluster, kind, "", namespace)["metadata"]["uid"]

    for _ in range(2):
        cluster.delete(kind, ObjectId("", "Namespace", "", namespace), uid=uid)
    with pytest.raises(ClusterError, match="its namespace is being deleted"):
        cluster.apply(_config_map(namespace, "late"))

    cluster.apply(_config_map(namespace))


def _inventory(namespace: str, count: int = 1) -> Inventory:
    ids = [ObjectId("", "ConfigMap", namespace, f"settings-{number:05d}") for number in range(count)]
    entries = {object_id: InventoryEntry(object_id, "v1", "a" * 64, "b" * 64) for object_id in ids}
    return Inventory(namespace, "shop", applied=entries, digest="sha256:" + "c" * 64, revision="main@sha1:" + "d" * 40)


def _stored(cluster: KubernetesCluster, namespace: str) -> Body:
    return _live(cluster, CONFIG_MAPS, namespace, "gitless-inventory-shop")


def test_an_inventory_is_found_and_read_by_people_too(cluster: KubernetesCluster, namespace: str) -> None:
    cluster.save_inventory(_inventory(namespace, count=3))

    metadata = _stored(cluster, namespace)["metadata"]
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "gitless", "gitless.dev/inventory": "shop"}
    assert metadata["annotations"] == {
        "gitless.dev/digest": "sha256:" + "c" * 64,
        "gitless.dev/revision": "main@sha1:" + "d" * 40,
        "gitless.dev/objects": "3",
    }


def test_a_large_inventory_is_packed(cluster: KubernetesCluster, namespace: str) -> None:
    inventory = _inventory(namespace, count=2000)

    saved = cluster.save_inventory(inventory)

    assert list(_stored(cluster, namespace)["binaryData"]) == ["inventory.json.gz"]
    assert cluster.load_inventory(namespace, "shop") == saved


@pytest.mark.parametrize(
    "content",
    [
        {"data": {"inventory.json": "{}"}},
        {"data": {"inventory.json": "[" * 50_000}},
        {"binaryData": {"inventory.json.gz": "AAAA"}},
        {"data": {"other": "x"}},
        {},
    ],
)
def test_a_damaged_inventory_is_told(content: dict[str, Any], cluster: KubernetesCluster, namespace: str) -> None:
    cluster.apply({**_config_map(namespace, "gitless-inventory-shop"), **content})

    with pytest.raises(ClusterError, match="damaged"):
        cluster.load_inventory(namespace, "shop")


def test_an_inventory_deleted_meanwhile_is_not_made_up_again(
    cluster: KubernetesCluster, namespace: str, kubectl: Kubectl
) -> None:
    saved = cluster.save_inventory(_inventory(namespace))
    kubectl("delete", "configmap", "gitless-inventory-shop")

    with pytest.raises(RefusedError, match="deleted meanwhile"):
        cluster.save_inventory(saved)


@pytest.fixture
def restricted(
    control_plane: Cluster, connected: Callable[..., KubernetesCluster], namespace: str, kubectl: Kubectl
) -> KubernetesCluster:
    """Somebody who may do everything in one namespace and nothing elsewhere."""
    kubectl("create", "rolebinding", "dave", "--clusterrole=admin", "--user=dave")
    return connected(kubeconfig=str(control_plane.user("dave")), namespace=namespace)


def test_who_may_see_one_namespace_sees_its_inventories(restricted: KubernetesCluster, namespace: str) -> None:
    restricted.save_inventory(_inventory(namespace))

    assert restricted.list_inventories() == [(namespace, "shop")]
