"""What stands behind a Service in a cluster counts, whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.manifests import ObjectId
from tests.unit.apply.worlds import Body, World
from tests.unit.planning.plans import plan

UID = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def world() -> World:
    return World()


def meta(name: str, **more: object) -> dict[str, Any]:
    return {"name": name, "namespace": "shop", **more}


def service(**selector: str) -> Body:
    spec = {"selector": selector, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta("web"), "spec": spec}


def workload(name: str, kind: str = "Deployment", replicas: int = 1, owner: tuple[str, str] | None = None) -> Body:
    labels = {"tier": "front", "app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": owned(name, owner), "spec": spec}


def pod(name: str, owner: tuple[str, str] | None = None) -> Body:
    metadata = {**owned(name, owner), "labels": {"tier": "front", "app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


def owned(name: str, owner: tuple[str, str] | None) -> dict[str, Any]:
    if owner is None:
        return meta(name)
    reference = {"apiVersion": owner[0], "kind": owner[1], "name": "owner", "uid": UID, "controller": True}
    return meta(name, ownerReferences=[reference])


def there(world: World, body: Body) -> None:
    """Somebody made it; the server in memory is told of owners apart."""
    group, _, _ = body["apiVersion"].rpartition("/")
    object_id = ObjectId(group, body["kind"], body["metadata"]["namespace"], body["metadata"]["name"])
    world.cluster.apply_as("somebody", body)
    for owner in body["metadata"].get("ownerReferences", ()):
        world.cluster.set_owner(object_id, owner)


def lost(world: World, *wanted: Body) -> dict[str, str]:
    return {str(item.object_id): item.reason for item in plan(world, *wanted).radius.endpoints_lost}


@pytest.mark.parametrize(
    ("stranger", "named"),
    [
        (workload("other"), "Deployment other, Deployment own"),
        (workload("other", "StatefulSet"), "Deployment own, StatefulSet other"),
        (workload("other", "ReplicaSet"), "Deployment own, ReplicaSet other"),
        (
            workload("other", "ReplicaSet", owner=("argoproj.io/v1alpha1", "Rollout")),
            "Deployment own, ReplicaSet other",
        ),
        (pod("other"), "Pod other, Deployment own"),
        (pod("other", owner=("apps.kruise.io/v1", "StatefulSet")), "Pod other, Deployment own"),
    ],
)
def test_a_service_that_goes_leaves_whoever_stood_behind_it(world: World, stranger: Body, named: str) -> None:
    world.apply(service(tier="front"), workload("own"))
    there(world, stranger)

    assert lost(world, workload("own")) == {"Service shop/web": f"it is deleted; behind it: {named}"}


@pytest.mark.parametrize(
    "made",
    [
        workload("own-1", "ReplicaSet", owner=("apps/v1", "Deployment")),
        pod("own-1-a", owner=("apps/v1", "ReplicaSet")),
        pod("batch", owner=("batch/v1", "Job")),
        workload("idle", replicas=0),
        {**workload("elsewhere"), "metadata": {"name": "elsewhere", "namespace": "other"}},
    ],
)
def test_what_a_workload_makes_itself_and_what_has_no_pods_is_not_counted(world: World, made: Body) -> None:
    world.apply(service(tier="front"), workload("own"))
    there(world, made)

    assert lost(world, workload("own")) == {"Service shop/web": "it is deleted; behind it: Deployment own"}


def test_a_service_that_strangers_stand_behind_loses_only_some(world: World) -> None:
    world.apply(service(tier="front"), workload("own"))
    world.cluster.apply_as("somebody", workload("other"))

    assert lost(world, service(tier="front")) == {"Service shop/web": "some of them: Deployment own is deleted"}


def test_a_selector_that_no_longer_matches_strangers_loses_them(world: World) -> None:
    world.apply(service(tier="front"))
    world.cluster.apply_as("somebody", workload("other"))

    assert lost(world, service(app="own")) == {
        "Service shop/web": "all of them: its selector no longer matches Deployment other"
    }


def test_what_may_not_be_listed_is_left_out(world: World) -> None:
    world.apply(service(tier="front"), workload("own"))
    world.cluster.apply_as("somebody", workload("other"))
    denied(world, lambda operation, subject: (operation, subject) == ("list_objects", "Deployment shop"))

    assert lost(world, workload("own")) == {"Service shop/web": "it is deleted; behind it: Deployment own"}


def test_where_no_service_is_concerned_nobody_is_asked(world: World) -> None:
    world.apply(workload("own"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("a")})
    world.forget_requests()

    lost(world, workload("own", replicas=2))

    assert [item for item in world.cluster.requests if item[0].startswith("list") and item[1].startswith("Pod ")] == []


def denied(world: World, is_denied: Callable[[str, str], bool]) -> None:
    def refuse(operation: str, subject: str) -> None:
        if is_denied(operation, subject):
            raise ClusterError("forbidden")

    world.cluster.before = refuse
