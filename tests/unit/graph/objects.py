"""Objects in a line or two."""

from __future__ import annotations

from typing import Any

from pipeline.model.manifests import Resource

_GROUPS = {
    "Deployment": "apps/v1", "StatefulSet": "apps/v1", "ReplicaSet": "apps/v1", "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "PodDisruptionBudget": "policy/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1", "RoleBinding": "rbac.authorization.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1", "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "Role": "rbac.authorization.k8s.io/v1",
}  # fmt: skip


def resource(kind: str, name: str = "web", *, api: str = "", namespace: str = "shop", **fields: Any) -> Resource:  # noqa: ANN401 - whatever an object has
    """An object of that kind; ``metadata`` adds to what it is called by."""
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    if not namespace:
        del metadata["namespace"]
    body = {"apiVersion": api or _GROUPS.get(kind, "v1"), "kind": kind, "metadata": metadata, **fields}
    return Resource.from_body(body)


def workload(
    name: str = "web",
    *,
    kind: str = "Deployment",
    labels: dict[str, str] | None = None,
    **spec: Any,  # noqa: ANN401
) -> Resource:
    """Something that makes pods; ``spec`` is theirs."""
    template = {"metadata": {"labels": labels or {"app": name}}, "spec": {"containers": [{"name": "c"}], **spec}}
    return resource(kind, name, spec={"template": template})
