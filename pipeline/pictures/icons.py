"""Small drawings that say what sort of thing a card stands for, and what is the matter with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.model.graph.graph import Tone

ICONS: Final[Mapping[str, str]] = {
    "workload": "M10 2.5 16.5 6.2v7.6L10 17.5 3.5 13.8V6.2zM3.5 6.2 10 10l6.5-3.8M10 10v7.5",
    "clock": "M10 2.8a7.2 7.2 0 1 0 .01 0zM10 6v4.2l3 1.8",
    "network": "M10 2.5a2.2 2.2 0 1 0 .01 0z"
    "M4.5 13a2.2 2.2 0 1 0 .01 0zM15.5 13a2.2 2.2 0 1 0 .01 0zM9 6.7 5.6 13M11 6.7l3.4 6.3",
    "config": "M5 2.5h6.5L15.5 6.5V17.5H5zM11.5 2.5v4h4M8 10h5M8 13.5h5",
    "secret": "M4.5 9h11v8h-11zM7 9V6.2a3 3 0 0 1 6 0V9M10 12v2.2",
    "storage": "M4 5c0-3 12-3 12 0v10c0 3-12 3-12 0zM4 5c0 3 12 3 12 0M4 10c0 3 12 3 12 0",
    "access": "M10 2.5 16.5 5v4.5c0 4.2-2.8 6.7-6.5 8-3.7-1.3-6.5-3.8-6.5-8V5zM7.2 9.8l2 2 3.6-3.8",
    "identity": "M10 3a3.2 3.2 0 1 0 .01 0zM3.8 17c.4-4 3-5.5 6.2-5.5s5.8 1.5 6.2 5.5z",
    "guard": "M4 16.5V11M10 16.5V7M16 16.5V3.5",
    "definition": "M7.5 3C4 3 6.5 9 3.5 10c3 1 .5 7 4 7M12.5 3c3.5 0 1 6 4 7-3 1-.5 7-4 7",
    "namespace": "M3.5 6.5v-3h3M13.5 3.5h3v3M16.5 13.5v3h-3M6.5 16.5h-3v-3M8 8h4v4H8z",
    "delivery": "M3 6.5 10 3l7 3.5v7L10 17l-7-3.5zM3 6.5 10 10l7-3.5M10 10v7M6.5 4.8l7 3.5",
    "commit": "M10 6.8a3.2 3.2 0 1 0 .01 0zM2 10h4.8M13.2 10H18",
    "build": "M11.5 2.5 4.5 11h5l-1 6.5 7-8.5h-5z",
    "seal": "M10 2.5a5 5 0 1 0 .01 0zM7 11.5 5.5 17.5l4.5-2 4.5 2L13 11.5M8 7.4l1.5 1.5L12.3 6",
    "tag": "M3 3h7l7.2 7.2-7 7L3 10zM6.5 5.6a.9.9 0 1 0 .01 0z",
    "cluster": "M10 3.2a6.8 6.8 0 1 0 .01 0z"
    "M10 8.2a1.8 1.8 0 1 0 .01 0zM10 8.2v-5M10 11.8v5M8.2 10h-5M11.8 10h5",
    "other": "M4 4h12v12H4zM8 8h4v4H8z",
}  # fmt: skip
"""Paths in a square of 20, drawn as lines."""

_KINDS: Final = {
    "workload": "Deployment ReplicaSet StatefulSet DaemonSet Pod ReplicationController Rollout PodTemplate",
    "clock": "Job CronJob",
    "network": "Service Ingress IngressClass Gateway GatewayClass HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute"
    " Endpoints EndpointSlice APIService NetworkPolicy",
    "config": "ConfigMap",
    "secret": "Secret SealedSecret ExternalSecret SecretStore ClusterSecretStore Certificate Issuer ClusterIssuer",
    "storage": "PersistentVolumeClaim PersistentVolume StorageClass VolumeSnapshotClass",
    "access": "Role ClusterRole RoleBinding ClusterRoleBinding ValidatingAdmissionPolicy"
    " ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration MutatingWebhookConfiguration",
    "identity": "ServiceAccount",
    "guard": "HorizontalPodAutoscaler VerticalPodAutoscaler PodDisruptionBudget ScaledObject ResourceQuota LimitRange"
    " PriorityClass",
    "definition": "CustomResourceDefinition",
    "namespace": "Namespace",
    "delivery": "Kustomization HelmRelease OCIRepository GitRepository HelmRepository HelmChart Bucket Artifact",
    "commit": "Source",
    "build": "Build",
    "seal": "Signature Attestation SBOM Provenance Approval",
    "tag": "Tag",
    "cluster": "Cluster",
}
_BY_KIND: Final = {kind: icon for icon, kinds in _KINDS.items() for kind in kinds.split()}

SIGNS: Final[Mapping[Tone, str]] = {
    Tone.CREATED: "M-4 0h8M0-4v8",
    Tone.CHANGED: "M-4.5 1.5q2.2-4.5 4.5-1.5t4.5-1.5",
    Tone.RECREATED: "M3.8-1.8A4.2 4.2 0 1 0 4.2 1M4.2-4.5v3h-3",
    Tone.DELETED: "M-4 0h8",
    Tone.HEALTHY: "M-4 .3-1.3 3 4-3",
    Tone.PROGRESSING: "M-4 0h.01M0 0h.01M4 0h.01",
    Tone.FAILED: "M-3.3-3.3l6.6 6.6M3.3-3.3l-6.6 6.6",
    Tone.WARNED: "M0-4.5v5M0 4v.01",
    Tone.MISSING: "M-2.5-2a2.5 2.5 0 1 1 3.6 2.2Q0 .8 0 2M0 4.4v.01",
    Tone.ACCEPTED: "M-4 .3-1.3 3 4-3",
    Tone.REFUSED: "M-3.3-3.3l6.6 6.6M3.3-3.3l-6.6 6.6",
}
"""Around the middle of a circle."""


def icon_of(kind: str) -> str:
    """The name of a kind's drawing."""
    return _BY_KIND.get(kind.partition(" ")[0], "other")
