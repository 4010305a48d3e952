"""The order in which an installation goes, and what stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux.api import DEPLOYMENTS, FINALIZER, KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.installation.kinds import NAMESPACES, PODS
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action
from tests.flux_objects import kustomization, source
from tests.unit.installation.worlds import OPTIONS, World, with_flux


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


def test_whoever_comes_next_finds_the_objects_also_in_the_namespace_of_the_installation(world: World) -> None:
    world.install()
    world.put(KUSTOMIZATIONS, kustomization("flux-system"))

    result = world.uninstall(keep_definitions=True)

    reasons = {change.object_id.kind: change.reason for change in result.changes if change.action is Action.SKIP}
    assert reasons["Namespace"] == "sources and Kustomizations are in it"
    assert world.read(KUSTOMIZATIONS, "flux-system", "shop") is not None


def test_what_is_being_deleted_is_waited_for_before_anything_is_written(world: World) -> None:
    held = {"name": "flux-system", "finalizers": ["acme.test/hold"]}
    world.put(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": held})
    world.delete(NAMESPACES, ObjectId("", "Namespace", "", "flux-system"))
    world.writes()

    with pytest.raises(ClusterError, match="is being deleted, and is still there after 7s"):
        world.install(timeout=7.0)

    assert world.writes() == []


def test_finalizers_of_others_are_theirs_to_remove(world: World) -> None:
    world.install()
    body = kustomization("default")
    body["metadata"]["finalizers"] = ["acme.test/audit", FINALIZER]
    world.put(KUSTOMIZATIONS, body)

    world.uninstall(keep_definitions=True)

    live = world.read(KUSTOMIZATIONS, "default", "shop")
    assert live is not None
    assert live["metadata"]["finalizers"] == ["acme.test/audit"]


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
