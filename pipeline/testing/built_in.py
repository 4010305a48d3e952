"""What both servers in memory have without being told: kinds that are served, and defaults of their fields."""

from __future__ import annotations

import base64

from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body

_CORE = ("ConfigMap", "Secret", "Service", "ServiceAccount", "Pod", "PersistentVolumeClaim")

BUILT_IN = (
    *(ResourceType("v1", kind, f"{kind.lower()}s", namespaced=True) for kind in _CORE),
    ResourceType("v1", "Namespace", "namespaces", namespaced=False),
    *(
        ResourceType("apps/v1", kind, f"{kind.lower()}s", namespaced=True)
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
    ),
    ResourceType("batch/v1", "Job", "jobs", namespaced=True),
    ResourceType("networking.k8s.io/v1", "Ingress", "ingresses", namespaced=True),
    ResourceType("rbac.authorization.k8s.io/v1", "Role", "roles", namespaced=True),
    ResourceType("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False),
    ResourceType("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False),
    ResourceType("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False),
)


def defaulted(body: Body) -> Body:
    """What the server would fill in, for the few kinds where tests look at it."""
    if body["kind"] != "Secret" or "stringData" not in body:
        return body
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in body["stringData"].items()}
    rest = {key: value for key, value in body.items() if key != "stringData"}
    return {**rest, "data": {**body.get("data", {}), **encoded}}
