"""What reconciling one Kustomization does to objects on a real API server; its own status is in memory.

The Kustomization's namespace is not on that server, as it need not be on a remote one.
"""

from __future__ import annotations

import base64
import io
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline import wiring
from pipeline.model.flux import api
from pipeline.model.settings.connections import ClusterOptions
from pipeline.puller.keys import Key
from pipeline.reports.console import JsonLog
from tests.platform.control_plane import Cluster
from tests.unit.puller.worlds import NAMESPACE, World, deployment

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

SUCCEEDED = ("True", "ReconciliationSucceeded")
CONTROL = "kustomize.toolkit.fluxcd.io"


class RealWorld(World):
    """The same puller, applying to a real API server in a namespace of the test's own."""

    def __init__(self, folder: Path, plane: Cluster, place: str, **options: str) -> None:
        reporter = JsonLog(io.StringIO(), verbose=False)
        connection = wiring.connection(ClusterOptions(kubeconfig=str(plane.kubeconfig)), os.environ, reporter)
        super().__init__(folder, home=connection, **options)
        self.plane = plane
        self.place = place
        self.real = connection.api()

    def here(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body in the test's namespace."""
        return {**body, "metadata": {**body["metadata"], "namespace": self.place}}

    def config_map(self, name: str, data: Mapping[str, str], **annotations: str) -> dict[str, Any]:
        """A ConfigMap; annotations by the last part of Flux's names."""
        marks = {f"{CONTROL}/{key}": value for key, value in annotations.items()}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": marks}, "data": data}
        return self.here(body)

    def read(self, name: str, api_version: str = "v1", kind: str = "ConfigMap") -> dict[str, Any] | None:
        """A live object."""
        resource_type = self.real.resource_type(api_version, kind)
        assert resource_type is not None
        found = self.real.read(resource_type, self.place, name)
        return None if found is None else dict(found)

    def there(self, name: str, api_version: str = "v1", kind: str = "ConfigMap") -> dict[str, Any]:
        """One that must be there."""
        found = self.read(name, api_version, kind)
        assert found is not None
        return found

    def apply(self, body: Mapping[str, Any], manager: str) -> None:
        """Somebody else applies on the server's side."""
        resource_type = self.real.resource_type(body["apiVersion"], body["kind"])
        assert resource_type is not None
        self.real.apply(resource_type, body, manager=manager, force=True)

    def create(self, body: Mapping[str, Any], manager: str) -> None:
        """Somebody else creates, as ``kubectl apply`` on the client's side does."""
        resource_type = self.real.resource_type(body["apiVersion"], body["kind"])
        assert resource_type is not None
        self.real.create(resource_type, body, manager=manager)

    def patch(self, name: str, patch: Mapping[str, Any], manager: str) -> None:
        """Somebody else changes a ConfigMap."""
        object_id = Key("ConfigMap", self.place, name).object_id
        self.real.merge_patch(api.CONFIG_MAPS, object_id, patch, manager=manager)

    def again(self) -> None:
        """The next interval."""
        self.later(600)
        self.work()


@pytest.fixture
def world(tmp_path: Path, control_plane: Cluster, namespace: str) -> RealWorld:
    return RealWorld(tmp_path, control_plane, namespace)


def test_objects_are_applied_under_flux_s_manager_and_labels(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1"}), world.here(deployment("web")))
    world.kustomization()
    world.work()

    assert world.conditions() == {"Ready": SUCCEEDED}
    metadata = world.there("a")["metadata"]
    assert metadata["labels"] == {f"{CONTROL}/name": "app", f"{CONTROL}/namespace": NAMESPACE}
    entries = [(entry["manager"], entry["operation"]) for entry in metadata["managedFields"]]
    assert entries == [("kustomize-controller", "Apply")]
    assert world.listed() == [f"{world.place}_a__ConfigMap", f"{world.place}_web_apps_Deployment"]


def test_unchanged_objects_keep_their_versions(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1"}), world.here(deployment("web")))
    world.kustomization()
    world.work()
    before = [world.there("a"), world.there("web", "apps/v1", "Deployment")["spec"]]
    world.again()
    for path in world.folder.iterdir():
        path.unlink()
    world.restart()
    world.work()

    assert [world.there("a"), world.there("web", "apps/v1", "Deployment")["spec"]] == before
    assert world.conditions() == {"Ready": SUCCEEDED}


def test_what_kubectl_applied_becomes_ours_and_loses_what_the_artifact_lacks(world: RealWorld) -> None:
    body = world.config_map("a", {"key": "1", "old": "1"})
    body["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    world.create(body, "kubectl-client-side-apply")
    world.patch("a", {"data": {"edited": "1"}}, "kubectl-edit")
    world.patch("a", {"data": {"theirs": "1"}}, "operator")
    world.publish(world.config_map("a", {"key": "1"}))
    world.kustomization()
    world.work()

    found = world.there("a")
    assert found["data"] == {"key": "1", "theirs": "1"}
    assert "annotations" not in found["metadata"]
    managers = {(entry["manager"], entry["operation"]) for entry in found["metadata"]["managedFields"]}
    assert managers == {("kustomize-controller", "Apply"), ("operator", "Update")}


def test_what_is_merged_leaves_kubectl_its_fields(world: RealWorld) -> None:
    world.create(world.config_map("a", {"key": "1", "old": "1"}), "kubectl-client-side-apply")
    world.publish(world.config_map("a", {"key": "2"}, ssa="Merge"))
    world.kustomization()
    world.work()

    assert world.there("a")["data"] == {"key": "2", "old": "1"}


def test_what_another_applies_is_left_to_him_where_it_is_ignored(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1", "fixed": "1"}))
    world.kustomization(ignore=[{"paths": ["/data/key"], "target": {"kind": "ConfigMap"}}])
    world.work()
    world.apply(world.config_map("a", {"key": "theirs"}), "scaler")
    world.again()
    assert world.there("a")["data"] == {"key": "theirs", "fixed": "1"}
    version = world.there("a")["metadata"]["resourceVersion"]
    world.again()
    assert world.there("a")["metadata"]["resourceVersion"] == version
    world.publish(world.config_map("a", {"key": "2", "fixed": "2"}))
    world.work()
    assert world.there("a")["data"] == {"key": "theirs", "fixed": "2"}

    world.kustomization(ignore=None)
    world.work()
    assert world.there("a")["data"] == {"key": "2", "fixed": "2"}


def test_the_only_field_of_a_map_may_be_ignored(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1"}))
    world.kustomization(ignore=[{"paths": ["/data/key"]}])
    world.work()
    world.apply(world.config_map("a", {"key": "theirs"}), "scaler")
    world.again()

    assert world.there("a")["data"] == {"key": "theirs"}
    assert world.conditions() == {"Ready": SUCCEEDED}


def test_what_another_wrote_is_kept_where_it_is_ignored(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1"}))
    world.kustomization(ignore=[{"paths": ["/data/key"]}])
    world.work()
    world.patch("a", {"data": {"key": "theirs"}}, "operator")
    world.again()

    assert world.there("a")["data"] == {"key": "theirs"}


def test_a_service_account_without_rights_writes_nothing(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1"}))
    world.kustomization(serviceAccountName="deployer")
    world.work()

    assert world.conditions()["Ready"] == ("False", "ReconciliationFailed")
    assert f"system:serviceaccount:{NAMESPACE}:deployer" in world.message()
    assert world.read("a") is None


def test_a_service_account_with_rights_to_the_namespace_alone_suffices(world: RealWorld) -> None:
    rbac = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create", "patch", "delete"]}
    world.apply(
        world.here({"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "deployer"}, "rules": [rule]}),
        "test",
    )
    binding = {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "deployer"},
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "deployer"},
        "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": NAMESPACE}],
    }
    world.apply(world.here(binding), "test")
    world.publish(world.config_map("a", {"key": "1"}), world.config_map("b", {"key": "1"}))
    world.kustomization(serviceAccountName="deployer")
    world.work()
    assert world.conditions() == {"Ready": SUCCEEDED}
    world.again()
    world.publish(world.config_map("a", {"key": "2"}))
    world.work()

    assert world.there("a")["data"] == {"key": "2"}
    assert world.read("b") is None


def test_a_kubeconfig_in_a_secret_leads_to_its_cluster(world: RealWorld) -> None:
    content = base64.b64encode(world.plane.kubeconfig.read_bytes()).decode()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "remote", "namespace": NAMESPACE}}
    world.api.create(api.SECRETS, {**secret, "data": {"value": content}}, manager="test")
    world.publish(world.config_map("a", {"key": "1"}))
    world.kustomization(kubeConfig={"secretRef": {"name": "remote"}})
    world.work()

    assert world.message() == f"Applied revision: {world.status()['lastAppliedRevision']}"
    assert world.there("a")["data"] == {"key": "1"}


def test_a_definition_its_objects_and_a_namespace_come_together(world: RealWorld) -> None:
    group = f"{world.place}.example.com"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}
    world.publish(world.here(widget), definition)
    world.kustomization(wait=True)
    world.clock.sleep = time.sleep  # type: ignore[assignment]
    world.work()
    assert world.conditions()["Ready"] == SUCCEEDED, world.message()
    assert world.there("w", f"{group}/v1", "Widget")["spec"] == {"size": 1}
    revision = world.publish()
    world.work()
    assert world.conditions()["Ready"] == ("False", "GuardTripped")
    assert f"widgets.{group}: it would be deleted" in world.message("GuardTripped")
    assert world.there("w", f"{group}/v1", "Widget")["spec"] == {"size": 1}
    world.kustomization(wait=True, annotations={"gitless.dev/allow-prune": revision})
    world.work()

    assert world.conditions()["Ready"] == SUCCEEDED
    assert world.listed() == []


def test_an_immutable_field_takes_force_on_the_kustomization_or_the_object(world: RealWorld) -> None:
    def body(value: str, **controls: str) -> dict[str, Any]:
        return {**world.config_map("a", {"key": value}, **controls), "immutable": True}

    world.publish(body("1"))
    world.kustomization()
    world.work()
    uid = world.there("a")["metadata"]["uid"]
    world.publish(body("2"))
    world.work()
    assert world.conditions()["Ready"] == ("False", "ReconciliationFailed")
    world.publish(body("3", force="Enabled"))
    world.work()

    assert world.conditions()["Ready"] == SUCCEEDED
    assert world.there("a")["data"] == {"key": "3"}
    assert world.there("a")["metadata"]["uid"] != uid


def test_controls_on_the_live_object_count(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1"}), world.config_map("b", {"key": "1"}))
    world.kustomization()
    world.work()
    world.patch("a", {"metadata": {"annotations": {f"{CONTROL}/reconcile": "disabled"}}}, "operator")
    world.patch("b", {"metadata": {"annotations": {f"{CONTROL}/prune": "Disabled"}}}, "operator")
    world.publish(world.config_map("a", {"key": "2"}))
    world.work()

    assert world.there("a")["data"] == {"key": "1"}
    assert world.read("b") is not None
    assert world.conditions()["Ready"] == SUCCEEDED


def test_a_missing_namespace_is_named(world: RealWorld) -> None:
    body = world.config_map("a", {"key": "1"})
    body["metadata"]["namespace"] = f"{world.place}-none"
    world.publish(body)
    world.kustomization()
    world.work()

    assert world.conditions()["Ready"] == ("False", "ReconciliationFailed")
    assert f"namespace '{world.place}-none' does not exist" in world.message()


def test_a_deletion_takes_everything_along(world: RealWorld) -> None:
    world.publish(world.config_map("a", {"key": "1"}), world.here(deployment("web")))
    world.kustomization(deletionPolicy="WaitForTermination")
    world.work()
    world.delete()
    for _ in range(3):
        world.work()
        world.later(2)

    assert not world.exists()
    assert world.read("a") is None
    assert world.read("web", "apps/v1", "Deployment") is None
