"""In which order objects are applied, as one table; deletion goes the other way round.

The order of kinds is the one Flux's server-side apply uses, so that a cluster behaves the same under either tool.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.model.manifests import ObjectId

FIRST = (
    "CustomResourceDefinition", "Namespace", "ClusterRole", "ClusterClass", "RuntimeClass", "PriorityClass",
    "StorageClass", "VolumeSnapshotClass", "IngressClass", "GatewayClass", "ClusterRoleBinding", "ResourceQuota",
    "ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Secret", "Service", "LimitRange", "Deployment",
    "StatefulSet", "CronJob", "PodDisruptionBudget",
)  # fmt: skip
LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")

_RANKS = {kind: rank for rank, kind in enumerate(FIRST)} | {kind: 1000 + rank for rank, kind in enumerate(LAST)}
_DEFINITIONS = frozenset({"CustomResourceDefinition", "Namespace", "ClusterRole"})


def apply_rank(object_id: ObjectId) -> int:
    """Position of the object's kind in the apply order; unknown kinds come after the known, before webhooks."""
    return _RANKS.get(object_id.kind, 500)


def apply_stage(object_id: ObjectId) -> int:
    """0: definitions, namespaces and cluster roles; 1: kinds that end in ``Class``; 2: everything else."""
    if object_id.kind in _DEFINITIONS:
        return 0
    return 1 if object_id.kind.endswith("Class") else 2
