"""Objects that leave much to their API server, and objects that leave nothing."""

from __future__ import annotations

from typing import Any

_PROBED: dict[str, Any] = {
    "name": "web",
    "image": "registry.example.com:5000/shop/web",
    "stdin": False,
    "ports": [{"containerPort": 8080}],
    "env": [
        {"name": "EMPTY", "value": ""},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "PLAIN", "value": "x"},
    ],
    "livenessProbe": {"httpGet": {"port": 8080}},
    "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 3},
    "startupProbe": {"grpc": {"port": 9000}},
    "lifecycle": {"preStop": {"httpGet": {"port": 8080, "path": "/stop"}}},
    "volumeMounts": [
        {"name": "a", "mountPath": "/a", "readOnly": False},
        {"name": "b", "mountPath": "/b", "readOnly": True},
    ],
    "securityContext": {"allowPrivilegeEscalation": False},
}
_POD: dict[str, Any] = {
    "hostPID": False,
    "serviceAccountName": "runner",
    "containers": [_PROBED, {"name": "proxy", "image": "proxy:1.2.3", "resources": {"limits": {"cpu": "1"}}}],
    "initContainers": [{"name": "init", "image": "init@sha256:" + "0" * 64, "command": ["true"]}],
    "volumes": [
        {"name": "a"},
        {"name": "b", "configMap": {"name": "settings"}},
        {"name": "c", "secret": {"secretName": "password", "defaultMode": 256}},
        {"name": "d", "hostPath": {"path": "/tmp"}},
        {
            "name": "e",
            "projected": {
                "sources": [
                    {"serviceAccountToken": {"path": "token"}},
                    {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                ]
            },
        },
        {"name": "f", "downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    ],
}
_TEMPLATE: dict[str, Any] = {"metadata": {"labels": {"app": "web"}}, "spec": _POD}
_SELECTOR: dict[str, Any] = {"matchLabels": {"app": "web"}}
_ONCE: dict[str, Any] = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}
_ON_HOST: dict[str, Any] = {
    "hostNetwork": True,
    "containers": [{"name": "a", "image": "a:latest", "ports": [{"containerPort": 80}]}],
}
_CLAIM: dict[str, Any] = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def _object(kind: str, api_version: str = "v1", name: str = "", **content: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name or kind.lower()}, **content}


SAMPLES = (
    _object("Deployment", "apps/v1", spec={"selector": _SELECTOR, "template": _TEMPLATE, "paused": False}),
    _object(
        "Deployment",
        "apps/v1",
        "recreated",
        spec={"selector": _SELECTOR, "template": _TEMPLATE, "replicas": 0, "strategy": {"type": "Recreate"}},
    ),
    _object(
        "StatefulSet",
        "apps/v1",
        spec={
            "selector": _SELECTOR,
            "template": _TEMPLATE,
            "serviceName": "web",
            "volumeClaimTemplates": [_CLAIM],
            # Since 1.37 there is a default for it.
            "updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}},
        },
    ),
    _object(
        "DaemonSet",
        "apps/v1",
        spec={"selector": _SELECTOR, "template": {**_TEMPLATE, "spec": _ON_HOST}},
    ),
    _object("ReplicaSet", "apps/v1", spec={"selector": _SELECTOR, "template": _TEMPLATE}),
    _object("CronJob", "batch/v1", spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": _ONCE}}}),
    _object("Service", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]}),
    _object("Service", "v1", "outside", spec={"type": "LoadBalancer", "ports": [{"port": 80, "targetPort": "web"}]}),
    _object("Service", "v1", "elsewhere", spec={"type": "ExternalName", "externalName": "example.com"}),
    _object("Secret", stringData={"password": "hunter2"}, data={"user": "bWU="}),
    _object("PersistentVolumeClaim", spec=_CLAIM["spec"]),
    _object("NetworkPolicy", "networking.k8s.io/v1", spec={"egress": [{"ports": [{"port": 53}]}]}),
    _object(
        "RoleBinding",
        "rbac.authorization.k8s.io/v1",
        roleRef={"kind": "Role", "name": "reader"},
        subjects=[{"kind": "User", "name": "bob"}, {"kind": "ServiceAccount", "name": "runner", "namespace": "shop"}],
    ),
    _object("StorageClass", "storage.k8s.io/v1", provisioner="example.com/disks"),
    _object(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 5,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                }
            ],
        },
    ),
    _object(
        "Job",
        "batch/v1",
        spec={"template": {**_TEMPLATE, "spec": _ONCE["spec"]}, "manualSelector": True, "selector": _SELECTOR},
    ),
    _object("ConfigMap", data={"empty": ""}),
)

ASSIGNED = frozenset(
    {
        "metadata",
        "status",
        "spec.clusterIP",
        "spec.clusterIPs",
        "spec.ipFamilies",
        "spec.ipFamilyPolicy",
        "spec.ports[0].nodePort",
    }
)
"""What a cluster adds of its own, by the path in the object."""
