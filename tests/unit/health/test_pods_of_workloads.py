from __future__ import annotations

from typing import Any

from pipeline.model.health import owned_pods, pod_selector


def make_workload(kind: str = "Deployment", **selector: object) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "uid": "w1"},
        "spec": {"selector": selector},
    }


def make_pod(owner: dict[str, Any] | None, *, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    owners = [] if owner is None else [{"controller": True, **owner}]
    return {"metadata": {"name": "p", "namespace": namespace, "labels": labels, "ownerReferences": owners}}


def test_the_selector_is_written_as_the_api_reads_it() -> None:
    workload = make_workload(
        matchLabels={"app": "web"},
        matchExpressions=[
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "NotIn", "values": ["c"]},
            {"key": "x", "operator": "Exists"},
            {"key": "y", "operator": "DoesNotExist"},
        ],
    )
    assert pod_selector(workload) == "app=web,tier in (a,b),old notin (c),x,!y"


def test_kinds_without_pods_have_no_selector() -> None:
    assert pod_selector(make_workload("Service", app="web")) is None
    assert pod_selector({"kind": "Deployment", "spec": {}}) is None


def test_pods_controlled_by_uid_belong_to_the_workload() -> None:
    mine = make_pod({"kind": "StatefulSet", "name": "web", "uid": "w1"})
    others = make_pod({"kind": "StatefulSet", "name": "web", "uid": "w2"})
    assert owned_pods(make_workload("StatefulSet"), [mine, others, make_pod(None)]) == (mine,)


def test_a_deployments_pods_are_found_through_the_name_of_their_replica_set() -> None:
    mine = make_pod({"kind": "ReplicaSet", "name": "web-5d4f", "uid": "r1"}, **{"pod-template-hash": "5d4f"})
    similar = make_pod({"kind": "ReplicaSet", "name": "web-api-5d4f", "uid": "r2"}, **{"pod-template-hash": "5d4f"})
    elsewhere = make_pod(
        {"kind": "ReplicaSet", "name": "web-5d4f", "uid": "r3"}, namespace="other", **{"pod-template-hash": "5d4f"}
    )
    assert owned_pods(make_workload(), [similar, mine, elsewhere]) == (mine,)


def test_a_pod_that_is_applied_by_itself_is_its_own() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "p"}}
    assert owned_pods(pod, []) == (pod,)
