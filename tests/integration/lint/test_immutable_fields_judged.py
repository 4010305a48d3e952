"""What the lint says of immutable fields, judged by a real API server."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from pipeline.errors import ImmutableFieldError
from pipeline.gates.lint import LintGate
from pipeline.model.manifests import Manifests, Resource
from pipeline.ports import Cluster
from tests.unit.validation.lint_example import Bodies, bodies
from tests.unit.validation.spoiling import Spoil
from tests.unit.validation.test_immutable_fields import ACCEPTED, IMMUTABLE

pytestmark = pytest.mark.cluster

Body = dict[str, Any]
_ELSEWHERE = frozenset({"HTTPRoute", "Namespace"})
"""Kinds that the API server does not serve, or that the test has of its own."""
_POD = {"containers": [{"name": "main", "image": "shop.example/web:1"}]}
_SELECTED = {
    "selector": {"matchLabels": {"app": "x"}},
    "template": {"metadata": {"labels": {"app": "x"}}, "spec": _POD},
}
_RBAC = "rbac.authorization.k8s.io"

_PORT = {"ports": [{"port": 80}], "selector": {"app": "x"}}
_BALANCED = {**_PORT, "type": "LoadBalancer"}
_CLASS = {**_BALANCED, "loadBalancerClass": "a.example/x"}
_CHECKED = {**_BALANCED, "externalTrafficPolicy": "Local"}

# An object, a change, and the field that cannot be changed; an empty one: the change is accepted.
MORE: list[tuple[str, str, Body, Body, str]] = [
    ("v1", "Pod", {"spec": _POD}, {"spec": {**_POD, "hostNetwork": True}}, "spec.hostNetwork"),
    ("v1", "Pod", {"spec": _POD}, {"spec": {"containers": [{"name": "main", "image": "shop.example/web:2"}]}}, ""),
    ("apps/v1", "ReplicaSet", {"spec": _SELECTED}, {"spec": {**_SELECTED, "replicas": 0}}, ""),
    (
        "apps/v1",
        "DaemonSet",
        {"spec": _SELECTED},
        {"spec": {**_SELECTED, "selector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}},
        "spec.selector",
    ),
    (
        "v1",
        "PersistentVolume",
        {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}},
        {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/b"}}},
        "spec.hostPath.path",
    ),
    (
        "v1",
        "PersistentVolume",
        {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}},
        {
            "spec": {
                "capacity": {"storage": "2Gi"},
                "accessModes": ["ReadWriteMany"],
                "hostPath": {"path": "/a"},
                "storageClassName": "other",
                "volumeMode": "Filesystem",
            }
        },
        "",
    ),
    ("scheduling.k8s.io/v1", "PriorityClass", {"value": 5}, {"value": 6}, "value"),
    ("scheduling.k8s.io/v1", "PriorityClass", {"value": 5}, {"value": 5, "description": "new"}, ""),
    ("node.k8s.io/v1", "RuntimeClass", {"handler": "a"}, {"handler": "b"}, "handler"),
    (
        "networking.k8s.io/v1",
        "IngressClass",
        {"spec": {"controller": "a.example/x"}},
        {"spec": {"controller": "b.example/x"}},
        "spec.controller",
    ),
    (
        "discovery.k8s.io/v1",
        "EndpointSlice",
        {"addressType": "IPv4", "endpoints": []},
        {"addressType": "IPv6", "endpoints": []},
        "addressType",
    ),
    (
        f"{_RBAC}/v1",
        "ClusterRoleBinding",
        {"roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "view"}},
        {"roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "edit"}},
        "roleRef",
    ),
    ("v1", "Service", {"spec": _CLASS}, {"spec": _BALANCED}, "spec.loadBalancerClass"),
    ("v1", "Service", {"spec": _BALANCED}, {"spec": _CLASS}, "spec.loadBalancerClass"),
    ("v1", "Service", {"spec": _CLASS}, {"spec": {**_PORT, "type": "ClusterIP"}}, ""),
    (
        "v1",
        "Service",
        {"spec": {**_CHECKED, "healthCheckNodePort": 31001}},
        {"spec": {**_CHECKED, "healthCheckNodePort": 31002}},
        "spec.healthCheckNodePort",
    ),
    ("v1", "Service", {"spec": {**_CHECKED, "healthCheckNodePort": 31003}}, {"spec": _CHECKED}, ""),
    (
        "storage.k8s.io/v1",
        "CSIDriver",
        {"spec": {"attachRequired": True}},
        {"spec": {"attachRequired": False}},
        "spec.attachRequired",
    ),
    (
        "storage.k8s.io/v1",
        "CSIDriver",
        {"spec": {"volumeLifecycleModes": ["Persistent"]}},
        {"spec": {"volumeLifecycleModes": ["Persistent", "Ephemeral"]}},
        "spec.volumeLifecycleModes",
    ),
    ("storage.k8s.io/v1", "CSIDriver", {"spec": {}}, {"spec": {"attachRequired": True, "podInfoOnMount": True}}, ""),
    ("v1", "Secret", {"immutable": True, "data": {"a": "YQ=="}}, {"immutable": True, "data": {"a": "Yg=="}}, "data"),
    ("v1", "ConfigMap", {"immutable": True, "data": {"a": "b"}}, {"data": {"a": "b"}}, "immutable"),
    ("v1", "ConfigMap", {"data": {"a": "b"}}, {"immutable": True, "data": {"a": "c"}}, ""),
]


def placed(of: Bodies, namespace: str) -> dict[str, Body]:
    """The same in the test's namespace, where the API server serves the kind."""
    found = {name: deepcopy(body) for name, body in of.items() if body["kind"] not in _ELSEWHERE}
    for body in found.values():
        body["metadata"].pop("annotations", None)
        if "namespace" in body["metadata"]:
            body["metadata"]["namespace"] = namespace
        body.pop("sops", None)
        if body["kind"] == "Secret":
            body["data"] = {"password": "eA=="}
        for subject in body.get("subjects", ()):
            if "namespace" in subject:
                subject["namespace"] = namespace
    return found


def test_the_api_server_refuses_and_accepts_the_same_changes(real_cluster: Cluster, namespace: str) -> None:
    before = placed(bodies(), namespace)
    for body in before.values():
        real_cluster.apply(body)

    refused = [path for spoil, path in IMMUTABLE if refused_by(real_cluster, before, spoil, namespace)]
    accepted = [spoil for spoil in ACCEPTED if not refused_by(real_cluster, before, spoil, namespace)]

    assert refused == [path for _, path in IMMUTABLE]
    assert accepted == ACCEPTED


def refused_by(cluster: Cluster, before: dict[str, Body], spoil: Spoil, namespace: str) -> bool:
    changed = bodies()
    spoil(changed)
    after = placed(changed, namespace)
    different = [body for name, body in after.items() if body != before[name]]
    try:
        for body in different:
            cluster.apply(body, dry_run=True)
    except ImmutableFieldError:
        return True
    return False


@pytest.mark.parametrize(("version", "kind", "before", "after", "field"), MORE)
def test_of_every_other_kind_the_same_is_refused_and_accepted(
    version: str, kind: str, before: Body, after: Body, field: str, real_cluster: Cluster, namespace: str
) -> None:
    served = real_cluster.resource_type(version, kind)
    assert served is not None
    metadata = {"name": namespace, **({"namespace": namespace} if served.namespaced else {})}
    old, new = ({"apiVersion": version, "kind": kind, "metadata": metadata, **part} for part in (before, after))
    real_cluster.apply(old)

    previous, current = (Manifests.of([Resource.from_body(body)]) for body in (old, new))
    found = LintGate().check(current, previous).findings
    told = [item.path for item in found if item.rule == "immutable-field"]
    try:
        real_cluster.apply(new, dry_run=True)
    except ImmutableFieldError:
        refused = [field]
    else:
        refused = []

    assert told == ([field] if field else [])
    assert refused == told
