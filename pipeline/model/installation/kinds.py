"""The kinds that an installation reads and writes, as the API server serves them."""

from __future__ import annotations

from typing import Final

from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import DEPLOYMENTS, SECRETS, SERVICE_ACCOUNTS
from pipeline.model.manifests import Body

_RBAC: Final = "rbac.authorization.k8s.io/v1"

DEFINITION_TYPE: Final = ResourceType(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
NAMESPACES: Final = ResourceType("v1", "Namespace", "namespaces", namespaced=False)
PODS: Final = ResourceType("v1", "Pod", "pods", namespaced=True)
RESOURCE_QUOTAS: Final = ResourceType("v1", "ResourceQuota", "resourcequotas", namespaced=True)
NETWORK_POLICIES: Final = ResourceType("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", namespaced=True)
CLUSTER_ROLES: Final = ResourceType(_RBAC, "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDINGS: Final = ResourceType(_RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False)
ROLES: Final = ResourceType(_RBAC, "Role", "roles", namespaced=True)
ROLE_BINDINGS: Final = ResourceType(_RBAC, "RoleBinding", "rolebindings", namespaced=True)

OWN_KINDS: Final = (
    DEPLOYMENTS,
    NETWORK_POLICIES,
    RESOURCE_QUOTAS,
    ROLE_BINDINGS,
    ROLES,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    SERVICE_ACCOUNTS,
)
"""What belongs to one installation alone, in the order in which it is taken away."""

_ALL: Final = {(kind.api_version, kind.kind): kind for kind in (DEFINITION_TYPE, NAMESPACES, SECRETS, *OWN_KINDS)}


def type_of(body: Body) -> ResourceType:
    """How the kind of an object of the installation is served."""
    return _ALL[body["apiVersion"], body["kind"]]
