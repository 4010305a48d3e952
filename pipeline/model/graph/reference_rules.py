"""Where objects name others: one table for pods, one by kind.

Sources: the Kubernetes API reference, Gateway API v1, Flux's API references (source v1, kustomize v1, helm v2),
cert-manager, External Secrets, KEDA and Prometheus operator API references.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.model.graph.graph import Relation
from pipeline.model.graph.paths import Steps, steps

_APPS: Final = "apps"
_FLUX_HELM: Final = "helm.toolkit.fluxcd.io"
_FLUX_KUSTOMIZE: Final = "kustomize.toolkit.fluxcd.io"
_FLUX_SOURCE: Final = "source.toolkit.fluxcd.io"
_GATEWAY: Final = "gateway.networking.k8s.io"
_RBAC: Final = "rbac.authorization.k8s.io"
_STORAGE: Final = "storage.k8s.io"

CLUSTER_WIDE: Final = frozenset(
    {
        "APIService", "CertificateSigningRequest", "ClusterIssuer", "ClusterRole", "ClusterRoleBinding",
        "ClusterSecretStore", "CSIDriver", "CSINode", "CustomResourceDefinition", "DeviceClass", "FlowSchema",
        "GatewayClass", "IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass",
        "PriorityLevelConfiguration", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
        "VolumeSnapshotClass",
    }
)  # fmt: skip
"""Kinds of which it is known that they are in no namespace."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One place that names another object.

    Attributes:
        where: path to the name itself, or to a mapping that holds it.
        kind: of what is named, where the mapping does not say.
        group: its API group, where the mapping does not say.
        label: what the place is, in a word or two.
        key: the name's key in the mapping.
        is_typed: whether the mapping may say kind and group (``apiVersion``, ``apiGroup`` or ``group``).
        only: take the mapping only if it says this kind.
    """

    where: str
    kind: str
    group: str = ""
    label: str = ""
    relation: Relation = Relation.REFERENCE
    key: str = "name"
    is_typed: bool = False
    only: str = ""
    path: Steps = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", steps(self.where))


def _containers(where: str, kind: str, label: str) -> tuple[Rule, ...]:
    lists = ("containers", "initContainers", "ephemeralContainers")
    return tuple(Rule(f"{name}[].{where}", kind, label=label) for name in lists)


def _typed(where: str, kind: str, group: str, label: str, relation: Relation = Relation.REFERENCE) -> Rule:
    return Rule(where, kind, group, label, relation, is_typed=True)


POD_RULES: Final = (
    Rule("serviceAccountName", "ServiceAccount", label="runs as"),
    Rule("imagePullSecrets[]", "Secret", label="pulls with"),
    Rule("priorityClassName", "PriorityClass", "scheduling.k8s.io", "priority"),
    Rule("runtimeClassName", "RuntimeClass", "node.k8s.io", "runtime"),
    *_containers("env[].valueFrom.configMapKeyRef", "ConfigMap", "env"),
    *_containers("env[].valueFrom.secretKeyRef", "Secret", "env"),
    *_containers("envFrom[].configMapRef", "ConfigMap", "env"),
    *_containers("envFrom[].secretRef", "Secret", "env"),
    Rule("volumes[].configMap", "ConfigMap", label="volume"),
    Rule("volumes[].secret", "Secret", label="volume", key="secretName"),
    Rule("volumes[].persistentVolumeClaim", "PersistentVolumeClaim", label="volume", key="claimName"),
    Rule("volumes[].projected.sources[].configMap", "ConfigMap", label="volume"),
    Rule("volumes[].projected.sources[].secret", "Secret", label="volume"),
    Rule("volumes[].csi.nodePublishSecretRef", "Secret", label="volume"),
    Rule("volumes[].azureFile", "Secret", label="volume", key="secretName"),
    Rule("volumes[].*.secretRef", "Secret", label="volume"),
    Rule("volumes[].ephemeral.volumeClaimTemplate.spec.storageClassName", "StorageClass", _STORAGE, "volume"),
    Rule("resourceClaims[].resourceClaimName", "ResourceClaim", "resource.k8s.io", "claims"),
    Rule("resourceClaims[].resourceClaimTemplateName", "ResourceClaimTemplate", "resource.k8s.io", "claims"),
)
"""Relative to a pod's specification, wherever it stands."""

_ROUTE_RULES = (
    _typed("spec.parentRefs[]", "Gateway", _GATEWAY, "attached to"),
    _typed("spec.rules[].backendRefs[]", "Service", "", "routes to"),
    _typed("spec.rules[].filters[].requestMirror.backendRef", "Service", "", "mirrors to"),
    _typed("spec.rules[].filters[].extensionRef", "", "", "filter"),
)
_SOURCE_RULES = (
    Rule("spec.secretRef", "Secret", label="credentials"),
    Rule("spec.certSecretRef", "Secret", label="certificates"),
    Rule("spec.proxySecretRef", "Secret", label="proxy"),
    Rule("spec.verify.secretRef", "Secret", label="verifies with"),
    Rule("spec.serviceAccountName", "ServiceAccount", label="reads as"),
)
_BINDING_RULES = (
    _typed("roleRef", "ClusterRole", _RBAC, "grants"),
    Rule("subjects[]", "ServiceAccount", label="to", only="ServiceAccount"),
)
_WEBHOOK_RULES = (Rule("webhooks[].clientConfig.service", "Service", label="calls"),)
_ADMISSION_GROUP = "admissionregistration.k8s.io"


def _policy_binding(kind: str) -> tuple[Rule, ...]:
    return (Rule("spec.policyName", kind, _ADMISSION_GROUP, "binds"),)


RULES: Final[Mapping[tuple[str, str], tuple[Rule, ...]]] = {
    ("", "ServiceAccount"): (
        Rule("secrets[]", "Secret", label="holds"),
        Rule("imagePullSecrets[]", "Secret", label="pulls with"),
    ),
    ("", "PersistentVolumeClaim"): (
        Rule("spec.storageClassName", "StorageClass", _STORAGE, "class"),
        Rule("spec.volumeName", "PersistentVolume", label="bound to"),
        _typed("spec.dataSource", "PersistentVolumeClaim", "", "filled from"),
        _typed("spec.dataSourceRef", "PersistentVolumeClaim", "", "filled from"),
    ),
    ("", "PersistentVolume"): (Rule("spec.storageClassName", "StorageClass", _STORAGE, "class"),),
    (_APPS, "StatefulSet"): (
        Rule("spec.serviceName", "Service", label="governed by"),
        Rule("spec.volumeClaimTemplates[].spec.storageClassName", "StorageClass", _STORAGE, "class"),
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): (
        _typed("spec.scaleTargetRef", "Deployment", _APPS, "scales", Relation.SELECTOR),
    ),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): (
        _typed("spec.targetRef", "Deployment", _APPS, "scales", Relation.SELECTOR),
    ),
    ("keda.sh", "ScaledObject"): (
        _typed("spec.scaleTargetRef", "Deployment", _APPS, "scales", Relation.SELECTOR),
        Rule("spec.triggers[].authenticationRef", "TriggerAuthentication", "keda.sh", "authenticates by"),
    ),
    ("networking.k8s.io", "Ingress"): (
        Rule("spec.ingressClassName", "IngressClass", "networking.k8s.io", "class"),
        Rule("spec.defaultBackend.service", "Service", label="routes to"),
        _typed("spec.defaultBackend.resource", "", "", "routes to"),
        Rule("spec.rules[].http.paths[].backend.service", "Service", label="routes to"),
        _typed("spec.rules[].http.paths[].backend.resource", "", "", "routes to"),
        Rule("spec.tls[].secretName", "Secret", label="TLS"),
    ),
    ("networking.k8s.io", "IngressClass"): (_typed("spec.parameters", "", "", "parameters"),),
    (_GATEWAY, "Gateway"): (
        Rule("spec.gatewayClassName", "GatewayClass", _GATEWAY, "class"),
        _typed("spec.listeners[].tls.certificateRefs[]", "Secret", "", "TLS"),
    ),
    (_GATEWAY, "GatewayClass"): (_typed("spec.parametersRef", "", "", "parameters"),),
    **{(_GATEWAY, kind): _ROUTE_RULES for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")},
    (_RBAC, "RoleBinding"): _BINDING_RULES,
    (_RBAC, "ClusterRoleBinding"): _BINDING_RULES,
    (_ADMISSION_GROUP, "ValidatingWebhookConfiguration"): _WEBHOOK_RULES,
    (_ADMISSION_GROUP, "MutatingWebhookConfiguration"): _WEBHOOK_RULES,
    (_ADMISSION_GROUP, "ValidatingAdmissionPolicyBinding"): _policy_binding("ValidatingAdmissionPolicy"),
    (_ADMISSION_GROUP, "MutatingAdmissionPolicyBinding"): _policy_binding("MutatingAdmissionPolicy"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        Rule("spec.conversion.webhook.clientConfig.service", "Service", label="converted by"),
    ),
    ("apiregistration.k8s.io", "APIService"): (Rule("spec.service", "Service", label="served by"),),
    (_FLUX_KUSTOMIZE, "Kustomization"): (
        _typed("spec.sourceRef", "OCIRepository", _FLUX_SOURCE, "from", Relation.SOURCE),
        Rule("spec.dependsOn[]", "Kustomization", _FLUX_KUSTOMIZE, "after", Relation.DEPENDS_ON),
        Rule("spec.decryption.secretRef", "Secret", label="decrypts with"),
        Rule("spec.kubeConfig.secretRef", "Secret", label="cluster"),
        Rule("spec.kubeConfig.configMapRef", "ConfigMap", label="cluster"),
        _typed("spec.postBuild.substituteFrom[]", "ConfigMap", "", "variables"),
        Rule("spec.serviceAccountName", "ServiceAccount", label="applies as"),
    ),
    (_FLUX_HELM, "HelmRelease"): (
        _typed("spec.chart.spec.sourceRef", "HelmRepository", _FLUX_SOURCE, "from", Relation.SOURCE),
        _typed("spec.chartRef", "OCIRepository", _FLUX_SOURCE, "from", Relation.SOURCE),
        Rule("spec.dependsOn[]", "HelmRelease", _FLUX_HELM, "after", Relation.DEPENDS_ON),
        Rule("spec.kubeConfig.secretRef", "Secret", label="cluster"),
        _typed("spec.valuesFrom[]", "ConfigMap", "", "values"),
        Rule("spec.serviceAccountName", "ServiceAccount", label="applies as"),
    ),
    **{
        (_FLUX_SOURCE, kind): _SOURCE_RULES
        for kind in ("OCIRepository", "GitRepository", "HelmRepository", "Bucket")
    },
    (_FLUX_SOURCE, "HelmChart"): (
        _typed("spec.sourceRef", "HelmRepository", _FLUX_SOURCE, "from", Relation.SOURCE),
    ),
    ("cert-manager.io", "Certificate"): (_typed("spec.issuerRef", "Issuer", "cert-manager.io", "issued by"),),
    ("external-secrets.io", "ExternalSecret"): (
        _typed("spec.secretStoreRef", "SecretStore", "external-secrets.io", "read from"),
    ),
}  # fmt: skip
"""By group and kind of the object that names others."""

MAKES: Final[Mapping[tuple[str, str], tuple[Rule, ...]]] = {
    ("cert-manager.io", "Certificate"): (Rule("spec.secretName", "Secret"),),
    ("external-secrets.io", "ExternalSecret"): (Rule("spec.target", "Secret"), Rule("metadata", "Secret")),
    ("bitnami.com", "SealedSecret"): (Rule("spec.template.metadata", "Secret"), Rule("metadata", "Secret")),
}
"""What an object's controller makes under a name that others use; the first rule that finds a name counts."""


def comes_with_kubernetes(kind: str, namespace: str, name: str) -> bool:
    """Whether every cluster has it without anybody applying it."""
    match kind:
        case "ServiceAccount":
            return name == "default"
        case "ConfigMap":
            return name == "kube-root-ca.crt"
        case "ClusterRole":
            return name in {"cluster-admin", "admin", "edit", "view"} or name.startswith("system:")
        case "Role":
            return namespace == "kube-system" and name == "extension-apiserver-authentication-reader"
        case "PriorityClass":
            return name.startswith("system-")
        case "Service":
            return namespace == "default" and name == "kubernetes"
        case _:
            return False
