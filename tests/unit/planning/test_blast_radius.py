from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.manifests import Manifests, Resource
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.stages.diff import diff
from pipeline.stages.plan import reach_of

Body = dict[str, Any]
HASHED = ("settings-5k2fm8gt4h", "settings-7bc5dh2g9k")


def body(kind: str, name: str, api_version: str = "apps/v1", namespace: str = "shop", **rest: object) -> Body:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place}, **rest}


def workload(name: str = "web", kind: str = "Deployment", image: str = "web:1", **spec: object) -> Body:
    labels = spec.pop("labels", {"app": name})
    container = {"name": "web", "image": image, **spec.pop("container", {})}  # type: ignore[dict-item]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return body(kind, name, spec={"replicas": 2, "template": template, **spec})


def service(name: str = "web", namespace: str = "shop", **selector: str) -> Body:
    return body("Service", name, "v1", namespace, spec={"selector": selector or {"app": name}})


def radius(before: list[Body], after: list[Body]) -> BlastRadius:
    old, new = (Manifests.of(Resource.from_body(item) for item in side) for side in (before, after))
    return reach_of(diff(old, new), old, new)


def told(items: tuple[Any, ...]) -> dict[str, str]:
    return {str(item.object_id): item.reason for item in items}


def test_what_is_touched_is_counted_by_namespace_and_kind() -> None:
    before = [workload(), body("Role", "gone", "rbac.authorization.k8s.io/v1", "other"), body("ConfigMap", "a", "v1")]
    after = [workload(image="web:2"), body("ConfigMap", "a", "v1"), body("ClusterRole", "new", "x/v1", "")]

    found = radius(before, after)

    assert found.objects == 3
    assert found.namespaces == ("other", "shop")
    assert found.kinds == {"ClusterRole.x": 1, "Deployment.apps": 1, "Role.rbac.authorization.k8s.io": 1}
    assert radius(before, before) == BlastRadius()


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_changed_pod_template_restarts_the_workload(kind: str) -> None:
    found = radius([workload(kind=kind)], [workload(kind=kind, image="web:2")])

    assert told(found.restarts) == {f"{kind}.apps shop/web": "its Pod template changes: containers[name=web].image"}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("Deployment", {}, {"minReadySeconds": 5}),
        ("Deployment", {"paused": True}, {"paused": True, "image": "web:2"}),
        ("Deployment", {"replicas": 0}, {"replicas": 0, "image": "web:2"}),
        ("DaemonSet", {}, {"updateStrategy": {"type": "OnDelete"}, "image": "web:2"}),
        ("ReplicaSet", {}, {"image": "web:2"}),
        ("Job", {}, {"image": "web:2"}),
    ],
)
def test_nothing_restarts_where_no_pod_is_replaced(kind: str, before: Body, after: Body) -> None:
    assert radius([workload(kind=kind, **before)], [workload(kind=kind, **after)]).restarts == ()


def test_a_new_name_of_what_a_template_refers_to_restarts_the_workload() -> None:
    def world(name: str, value: str) -> list[Body]:
        refers = {"envFrom": [{"configMapRef": {"name": name}}]}
        return [body("ConfigMap", name, "v1", data={"key": value}), workload(container=refers)]

    found = radius(world(HASHED[0], "a"), world(HASHED[1], "b"))

    assert told(found.restarts) == {
        "Deployment.apps shop/web": f"what it refers to has a new name: {HASHED[0]} → {HASHED[1]}"
    }


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ([service()], "all of them: Deployment web is deleted"),
        ([service(), workload(replicas=0)], "all of them: Deployment web is scaled to 0"),
        ([service(), workload(labels={"app": "other"})], "all of them: Deployment web has other labels"),
        ([service(app="other"), workload()], "all of them: its selector no longer matches Deployment web"),
        ([service(), workload("web2", labels={"app": "web"})], "some of them: Deployment web is deleted"),
        ([workload()], "it is deleted; behind it: Deployment web"),
        ([body("Service", "web", "v1", spec={"type": "ExternalName"}), workload()],
         "all of them: its selector no longer matches Deployment web"),
    ],
)  # fmt: skip
def test_services_that_lose_endpoints_are_named_with_the_reason(after: list[Body], reason: str) -> None:
    assert told(radius([service(), workload()], after).endpoints_lost) == {"Service shop/web": reason}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([service(), workload()], [service(), workload(image="web:2")]),
        ([service(), workload()], [service(), workload(labels={"app": "web", "more": "x"})]),
        ([service(app="nobody"), workload()], [service(app="nobody")]),
        ([service(namespace="other"), workload()], [service(namespace="other")]),
        ([service(), workload(replicas=0)], [service()]),
        ([service(), workload()], [service(), workload(replicas=1)]),
        ([body("Service", "web", "v1", spec={}), workload()], []),
        ([service()], []),
    ],
)
def test_services_that_lose_nothing_are_not_named(before: list[Body], after: list[Body]) -> None:
    assert radius(before, after).endpoints_lost == ()


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        (body("PersistentVolumeClaim", "data", "v1"), "its volume goes with it, unless"),
        (body("PersistentVolume", "disk", "v1", ""), "its reclaim policy is not known"),
        (body("PersistentVolume", "disk", "v1", "", spec={"persistentVolumeReclaimPolicy": "Delete"}),
         "its reclaim policy is Delete"),
        (workload(kind="StatefulSet", persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"}),
         "its claims are deleted with it"),
        (body("Namespace", "shop", "v1", ""), "everything in it is deleted: 2 Basket, 1 ConfigMap"),
        (body("CustomResourceDefinition", "baskets.shop.io", "apiextensions.k8s.io/v1", "",
              spec={"names": {"kind": "Basket"}}), "every Basket is deleted: 2 Basket"),
        (body("CustomResourceDefinition", "baskets.shop.io", "apiextensions.k8s.io/v1", ""),
         "all its objects are deleted: 2 Basket in the group shop.io"),
    ],
)  # fmt: skip
def test_deletions_that_take_data_with_them_are_named(gone: Body, reason: str) -> None:
    rest = [body("Basket", "a", "shop.io/v1"), body("Basket", "b", "shop.io/v1"), body("ConfigMap", "c", "v1")]

    (loss,) = radius([*rest, gone], rest).data_lost

    assert loss.object_id == Resource.from_body(gone).id
    assert loss.reason.startswith(reason)


@pytest.mark.parametrize(
    "gone",
    [
        body("PersistentVolume", "disk", "v1", "", spec={"persistentVolumeReclaimPolicy": "Retain"}),
        workload(kind="StatefulSet"),
        body("ConfigMap", "c", "v1"),
    ],
)
def test_deletions_that_take_nothing_with_them_are_not_named(gone: Body) -> None:
    assert radius([gone], []).data_lost == ()


@pytest.mark.parametrize("odd", [None, [], "x", {"template": []}, {"template": {"metadata": {"labels": ["x"]}}}, 0])
def test_manifests_of_odd_shapes_count_for_nothing(odd: object) -> None:
    def world(spec: object) -> list[Body]:
        return [
            body("Deployment", "web", spec=spec), body("Service", "web", "v1", spec=spec),
            body("PersistentVolume", "p", "v1", "", spec=spec),
            body("CustomResourceDefinition", "a", "apiextensions.k8s.io/v1", "", spec=spec),
        ]  # fmt: skip

    found = radius(world(odd), world({"template": {"metadata": {"labels": {"app": "web"}}}}))

    assert found.endpoints_lost == ()
    assert radius(world(odd), []).objects == 4


def test_the_document_says_the_same() -> None:
    found = radius([service(), workload()], [service()]).document()

    assert found["objects"] == 1
    assert found["endpointsLost"] == [
        {"object": "Service shop/web", "reason": "all of them: Deployment web is deleted"}
    ]
    assert found["kinds"] == {"Deployment.apps": 1}
