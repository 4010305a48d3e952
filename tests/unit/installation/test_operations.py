"""The order of things and what goes wrong in between, with an API server in memory."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import ClusterError, RefusedError, StaleError, VerificationError
from pipeline.model.flux.api import DEPLOYMENTS, FINALIZER, KUSTOMIZATIONS, OCI_REPOSITORIES, SECRETS
from pipeline.model.flux.definitions import OCI_REPOSITORY
from pipeline.model.installation.kinds import DEFINITION_TYPE, NAMESPACES, PODS
from pipeline.model.installation.options import InstallOptions
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action
from pipeline.operations.bootstrap import bootstrap
from pipeline.operations.check import check, require_passed
from pipeline.operations.create import create
from pipeline.operations.install import InstallSettings, install
from pipeline.operations.uninstall import UninstallSettings, uninstall
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock
from tests.flux_objects import kustomization, source

OPTIONS = InstallOptions(version="1.2.3")


class Talk:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        del fields
        self.lines.append(message)

    def detail(self, message: str, **fields: object) -> None:
        self.info(message, **fields)

    def warn(self, message: str, **fields: object) -> None:
        self.info(message, **fields)

    def progress(self, label: str, done: int, total: int) -> None:
        del label, done, total


class World(MemoryApiServer):
    """An API server whose definitions are established and whose Deployments work as soon as they are applied."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MemoryClock()
        self.talk = Talk()
        self.works = True
        self.establishes = True

    def apply(self, resource_type: Any, body: Any, *, manager: str, force: bool, dry_run: bool = False) -> Any:  # noqa: ANN401
        after = super().apply(resource_type, body, manager=manager, force=force, dry_run=dry_run)
        if not dry_run:
            self._live_on(resource_type, after)
        return after

    def _live_on(self, resource_type: Any, body: Mapping[str, Any]) -> None:  # noqa: ANN401
        generation = body["metadata"].get("generation", 0)
        status: dict[str, Any] = {}
        if resource_type == DEFINITION_TYPE and self.establishes:
            conditions = [{"type": kind, "status": "True"} for kind in ("NamesAccepted", "Established")]
            status = {"conditions": conditions, "storedVersions": ["v1"]}
        elif resource_type == DEPLOYMENTS and self.works:
            counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), 1)
            progress = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
            conditions = [{"type": "Available", "status": "True"}, progress]
            status = {**counts, "conditions": conditions, "observedGeneration": generation}
        if status:
            self._write_status(resource_type, body, status)

    def _write_status(self, resource_type: Any, body: Mapping[str, Any], status: Mapping[str, Any]) -> None:  # noqa: ANN401
        metadata = body["metadata"]
        object_id = ObjectId(resource_type.group, resource_type.kind, metadata.get("namespace", ""), metadata["name"])
        self.merge_patch(resource_type, object_id, {"status": status}, manager="controller", subresource="status")

    def install(self, options: InstallOptions = OPTIONS, **settings: Any) -> Any:  # noqa: ANN401
        return install(options, self, InstallSettings(**settings), reporter=self.talk, clock=self.clock)

    def uninstall(self, namespace: str = "flux-system", **settings: Any) -> Any:  # noqa: ANN401
        return uninstall(namespace, self, UninstallSettings(**settings), reporter=self.talk, clock=self.clock)

    def writes(self) -> list[str]:
        """What was written since this was asked last."""
        found = [
            f"{operation} {subject}" for operation, subject in self.requests
            if operation in {"apply", "create", "replace", "merge_patch", "delete"}
        ]  # fmt: skip
        self.requests.clear()
        return found

    def put(self, kind: Any, body: Mapping[str, Any]) -> None:  # noqa: ANN401
        self.create(kind, body, manager="test")


@pytest.fixture
def world() -> World:
    return World()


def flux_controller(name: str = "kustomize-controller", *, replicas: int = 1) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/component": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "flux-system", "labels": labels},
        "spec": {"replicas": 1},
        "status": {"availableReplicas": replicas},
    }


def with_flux(world: World, *, replicas: int = 1) -> None:
    world.put(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}})
    body = flux_controller()
    world.put(DEPLOYMENTS, body)
    world._write_status(DEPLOYMENTS, body, {"availableReplicas": replicas})


def test_definitions_are_established_before_anything_else_is_written(world: World) -> None:
    world.establishes = False
    with pytest.raises(ClusterError, match="was not established within 60s"):
        world.install()
    assert {line.split()[1] for line in world.writes()} == {"CustomResourceDefinition.apiextensions.k8s.io"}


def test_a_puller_that_does_not_come_up_is_an_error_that_names_it(world: World) -> None:
    world.works = False
    with pytest.raises(VerificationError, match=r"Deployment flux-system/gitless-puller is not available"):
        world.install(timeout=20.0)
    assert world.read(DEPLOYMENTS, "flux-system", "gitless-puller") is not None


def test_nothing_is_written_where_controllers_of_flux_work(world: World) -> None:
    with_flux(world)
    world.writes()
    with pytest.raises(RefusedError, match="flux-system/kustomize-controller"):
        world.install()
    assert world.writes() == []


def test_controllers_that_are_scaled_to_nothing_are_no_rivals(world: World) -> None:
    with_flux(world, replicas=0)
    assert world.install().ready


def test_a_share_of_ones_own_or_force_installs_beside_them(world: World) -> None:
    with_flux(world)
    assert world.install(force=True).ready
    shard = replace(OPTIONS.puller, watch_label_selector="sharding.fluxcd.io/key=two")
    assert world.install(replace(OPTIONS, puller=shard)).ready


def foreign_definition(*versions: str) -> dict[str, Any]:
    body = deepcopy(OCI_REPOSITORY)
    body["metadata"]["labels"] = {"app.kubernetes.io/part-of": "flux"}
    body["spec"]["versions"] = [{**body["spec"]["versions"][0], "name": version} for version in versions]
    return body


def test_definitions_of_flux_are_left_alone_and_told_about(world: World) -> None:
    world.put(DEFINITION_TYPE, foreign_definition("v1beta2", "v1"))
    world._live_on(DEFINITION_TYPE, foreign_definition("v1beta2", "v1"))

    result = world.install()

    (kept,) = [change for change in result.changes if change.action is Action.SKIP]
    assert (kept.object_id.name, kept.reason) == (
        "ocirepositories.source.toolkit.fluxcd.io",
        "flux brought it, and it serves v1",
    )
    assert [line for line in world.talk.lines if line.startswith("left alone:")]
    live = world.read(DEFINITION_TYPE, "", "ocirepositories.source.toolkit.fluxcd.io")
    assert live is not None
    assert live["metadata"]["labels"] == {"app.kubernetes.io/part-of": "flux"}


def test_definitions_without_the_version_are_refused_before_anything_is_written(world: World) -> None:
    world.put(DEFINITION_TYPE, foreign_definition("v1beta2"))
    world.writes()
    with pytest.raises(RefusedError, match="in v1beta2, and not in v1"):
        world.install()
    assert world.writes() == []


def test_a_second_installation_writes_nothing_but_its_questions(world: World) -> None:
    world.install()
    versions = {line: world.read(*line) for line in ((DEPLOYMENTS, "flux-system", "gitless-puller"),)}
    result = world.install()
    assert {change.action for change in result.changes} == {Action.UNCHANGED}
    assert versions == {line: world.read(*line) for line in versions}


def installed_with_objects(world: World) -> None:
    world.install()
    for kind, body in ((OCI_REPOSITORIES, source("default")), (KUSTOMIZATIONS, kustomization("default"))):
        body["metadata"]["finalizers"] = [FINALIZER]
        world.put(kind, body)
    world.writes()


def test_the_process_ends_before_finalizers_go_and_they_before_definitions(world: World) -> None:
    installed_with_objects(world)

    world.uninstall()

    order = world.writes()
    process = order.index("delete Deployment.apps flux-system/gitless-puller")
    release = order.index("merge_patch Kustomization.kustomize.toolkit.fluxcd.io default/shop")
    definition = next(index for index, line in enumerate(order) if line.startswith("delete CustomResourceDefinition"))
    assert process == 0
    assert process < release < definition
    assert order[-1] == "delete Namespace flux-system"


def test_while_a_pod_works_nothing_else_is_taken_away(world: World) -> None:
    installed_with_objects(world)
    pod = {"metadata": {"name": "gitless-puller-1", "namespace": "flux-system", "labels": {"app": "gitless-puller"}}}
    world.put(PODS, {"apiVersion": "v1", "kind": "Pod", **pod})
    world.writes()

    with pytest.raises(ClusterError, match="did not end within 30s") as failed:
        world.uninstall(timeout=30.0)

    assert "uninstall again" in str(failed.value.hint)
    assert world.writes() == ["delete Deployment.apps flux-system/gitless-puller"]


def test_what_flux_serves_keeps_finalizers_and_definitions(world: World) -> None:
    with_flux(world)
    world.install(force=True)
    body = kustomization("default")
    body["metadata"]["finalizers"] = [FINALIZER]
    world.put(KUSTOMIZATIONS, body)

    result = world.uninstall()

    assert result.released == ()
    live = world.read(KUSTOMIZATIONS, "default", "shop")
    assert live is not None
    assert live["metadata"]["finalizers"] == [FINALIZER]
    reasons = {change.object_id.name: change.reason for change in result.changes if change.action is Action.SKIP}
    assert "flux-system/kustomize-controller of Flux" in reasons["kustomizations.kustomize.toolkit.fluxcd.io"]
    assert reasons["flux-system"] == "it was there before"


def test_another_puller_keeps_what_it_serves(world: World) -> None:
    world.install()
    world.install(OPTIONS.in_namespace("other"))
    result = world.uninstall("other")
    reasons = [change.reason for change in result.changes if change.object_id.kind == "CustomResourceDefinition"]
    assert reasons == ["flux-system/gitless-puller serves them"] * 2
    assert world.read(DEPLOYMENTS, "flux-system", "gitless-puller") is not None


def test_a_namespace_that_something_was_applied_into_stays(world: World) -> None:
    installed_with_objects(world)
    status = {"inventory": {"entries": [{"id": "flux-system_web_apps_Deployment", "v": "v1"}]}}
    world._write_status(KUSTOMIZATIONS, kustomization("default"), status)

    result = world.uninstall()

    (kept,) = [change for change in result.changes if change.action is Action.SKIP]
    assert kept.object_id.kind == "Namespace"
    assert "Kustomization default/shop has applied objects in it" in kept.reason


def test_one_that_watched_one_namespace_leaves_the_objects_of_others_alone(world: World) -> None:
    alone = replace(OPTIONS, puller=replace(OPTIONS.puller, watch_all_namespaces=False))
    world.install(alone)
    for namespace in ("default", "flux-system"):
        body = kustomization(namespace)
        body["metadata"]["finalizers"] = [FINALIZER]
        world.put(KUSTOMIZATIONS, body)

    result = world.uninstall(keep_namespace=True)

    assert [released.namespace for released in result.released] == ["flux-system"]
    kept = [change.reason for change in result.changes if change.object_id.kind == "CustomResourceDefinition"]
    assert kept == ["other namespaces have objects of this kind"] * 2


def test_every_check_fails_by_itself_and_all_are_told(world: World) -> None:
    result = check("flux-system", "1.2.3", world, before_installation=False, reporter=world.talk, clock=world.clock)
    failed = [item.name for item in result.checks if not item.passed]
    assert failed == ["definition", "definition", "access", "puller", "version"]
    assert "✔ Kubernetes v1.37.2 (at least 1.31)" in world.talk.lines
    with pytest.raises(VerificationError, match="5 of 7 checks failed"):
        require_passed(result)


def test_what_may_not_be_read_is_a_failed_check_and_a_lost_server_an_error(world: World) -> None:
    world.install()
    denied = ClusterError("definitions may not be read", code="cluster.denied")

    def before(operation: str, subject: str) -> None:
        if operation == "read" and subject.startswith("CustomResourceDefinition"):
            raise denied

    world.before = before
    result = check("flux-system", "1.2.3", world, before_installation=False, reporter=world.talk, clock=world.clock)
    assert [item.message for item in result.checks if not item.passed] == [denied.message] * 2

    denied = ClusterError("no route to host", code="cluster.unreachable")
    with pytest.raises(ClusterError, match="no route"):
        check("flux-system", "1.2.3", world, before_installation=False, reporter=world.talk, clock=world.clock)


def test_an_old_cluster_and_missing_rights_are_named() -> None:
    world = World()
    world._version = "v1.27.3"
    world.allowed = lambda verb, kind, _: (verb, kind.kind) != ("create", "ClusterRoleBinding")
    result = check("flux-system", "1.2.3", world, before_installation=True, reporter=world.talk, clock=world.clock)
    told = {item.name: item.message for item in result.checks if not item.passed}
    assert told == {
        "kubernetes": "Kubernetes v1.27.3 is older than 1.31",
        "rights": "we may not create clusterrolebindings.rbac.authorization.k8s.io",
    }


def ready(generation: int, kind: str = "Ready") -> dict[str, Any]:
    condition = {"type": kind, "status": "True", "reason": "Because", "message": "so", "observedGeneration": generation}
    return {"conditions": [condition], "observedGeneration": generation}


def made(world: World, body: Mapping[str, Any] | None = None, timeout: float = 10.0) -> Any:  # noqa: ANN401
    kind = OCI_REPOSITORIES
    return create(body or source("default"), kind, world, timeout=timeout, reporter=world.talk, clock=world.clock)


def test_ready_for_an_older_generation_is_not_ready(world: World) -> None:
    world.put(OCI_REPOSITORIES, source("default"))
    world._write_status(OCI_REPOSITORIES, source("default"), ready(1))
    assert made(world).ready

    changed = source("default")
    changed["spec"]["interval"] = "5m"
    with pytest.raises(VerificationError, match="is not ready after 10s: Because: so"):
        made(world, changed)


def test_stalled_for_an_older_generation_may_still_become_ready(world: World) -> None:
    world.put(OCI_REPOSITORIES, source("default"))
    world._write_status(OCI_REPOSITORIES, source("default"), ready(1, "Stalled"))
    with pytest.raises(VerificationError, match="cannot become ready: Because: so"):
        made(world)

    changed = source("default")
    changed["spec"]["interval"] = "5m"
    with pytest.raises(VerificationError, match="is not ready after"):
        made(world, changed)


def test_what_others_write_in_between_is_written_over_or_given_up_on(world: World) -> None:
    world.put(OCI_REPOSITORIES, source("default"))
    world._write_status(OCI_REPOSITORIES, source("default"), ready(1))
    conflicts = [1, 1]

    def before(operation: str, _: str) -> None:
        if operation == "replace" and conflicts:
            conflicts.pop()
            raise StaleError("it has changed")

    world.before = before
    assert made(world).action is Action.UNCHANGED

    conflicts.extend([1] * 20)
    with pytest.raises(StaleError, match="changes faster than it can be written"):
        made(world)


def test_a_cluster_without_the_kinds_is_told_to_install(world: World) -> None:
    world._types = [kind for kind in world._types if kind != OCI_REPOSITORIES]
    with pytest.raises(ClusterError, match="knows no OCIRepository") as failed:
        made(world)
    assert "gitless install" in str(failed.value.hint)


def test_a_bootstrap_that_is_tried_out_writes_nothing(world: World) -> None:
    objects = (source("flux-system"), kustomization("flux-system") | {"spec": {"path": "./"}})
    result = bootstrap(
        OPTIONS, objects, world, InstallSettings(dry_run=True),
        artifact="oci://registry.test/fleet:1", digest="", reporter=world.talk, clock=world.clock,
    )  # fmt: skip
    assert (result.ready, result.changes) == (False, ())
    assert world.writes() == []


def test_secrets_are_not_waited_for(world: World) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": "default"},
        "type": "Opaque",
        "data": {"a": "Yg=="},
    }
    result = create(body, SECRETS, world, timeout=1.0, reporter=world.talk, clock=world.clock)
    assert (result.action, result.ready, world.clock.slept) == (Action.CREATE, False, [])
