"""When Kubernetes' own APIs were deprecated and removed, and what takes their place.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/, and what API servers warn of, which
k8s.io/api marks at each type. What goes without notice, as alpha versions may, is told from the versions' schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of one kind in one API version; minors of Kubernetes 1, ``None`` where it is not known or not planned.

    ``replacement`` is the API version to use, with the kind where that changes too; empty: there is none.
    """

    deprecated_in: int | None
    removed_in: int | None
    replacement: str


_GUIDE: Final = """
1.8   1.16 extensions/v1beta1 DaemonSet,Deployment,ReplicaSet -> apps/v1
1.9   1.16 extensions/v1beta1 NetworkPolicy -> networking.k8s.io/v1
1.11  1.16 extensions/v1beta1 PodSecurityPolicy ->
1.8   1.16 apps/v1beta1 Deployment,StatefulSet,ControllerRevision -> apps/v1
1.9   1.16 apps/v1beta2 DaemonSet,Deployment,ReplicaSet,StatefulSet,ControllerRevision -> apps/v1
1.14  1.22 extensions/v1beta1 Ingress -> networking.k8s.io/v1
1.19  1.22 networking.k8s.io/v1beta1 Ingress,IngressClass -> networking.k8s.io/v1
1.16  1.22 admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration,ValidatingWebhookConfiguration -> admissionregistration.k8s.io/v1
1.16  1.22 apiextensions.k8s.io/v1beta1 CustomResourceDefinition -> apiextensions.k8s.io/v1
1.19  1.22 apiregistration.k8s.io/v1beta1 APIService -> apiregistration.k8s.io/v1
1.19  1.22 authentication.k8s.io/v1beta1 TokenReview -> authentication.k8s.io/v1
1.19  1.22 authorization.k8s.io/v1beta1 LocalSubjectAccessReview,SelfSubjectAccessReview,SelfSubjectRulesReview,SubjectAccessReview -> authorization.k8s.io/v1
1.19  1.22 certificates.k8s.io/v1beta1 CertificateSigningRequest -> certificates.k8s.io/v1
1.19  1.22 coordination.k8s.io/v1beta1 Lease -> coordination.k8s.io/v1
1.17  1.22 rbac.authorization.k8s.io/v1alpha1 ClusterRole,ClusterRoleBinding,Role,RoleBinding -> rbac.authorization.k8s.io/v1
1.17  1.22 rbac.authorization.k8s.io/v1beta1 ClusterRole,ClusterRoleBinding,Role,RoleBinding -> rbac.authorization.k8s.io/v1
1.14  1.22 scheduling.k8s.io/v1beta1 PriorityClass -> scheduling.k8s.io/v1
1.19  1.22 storage.k8s.io/v1beta1 CSIDriver,StorageClass,VolumeAttachment -> storage.k8s.io/v1
1.17  1.22 storage.k8s.io/v1beta1 CSINode -> storage.k8s.io/v1
1.21  1.25 batch/v1beta1 CronJob -> batch/v1
1.21  1.25 discovery.k8s.io/v1beta1 EndpointSlice -> discovery.k8s.io/v1
1.22  1.25 events.k8s.io/v1beta1 Event -> events.k8s.io/v1
1.22  1.25 autoscaling/v2beta1 HorizontalPodAutoscaler -> autoscaling/v2
1.21  1.25 policy/v1beta1 PodDisruptionBudget -> policy/v1
1.21  1.25 policy/v1beta1 PodSecurityPolicy ->
1.22  1.25 node.k8s.io/v1beta1 RuntimeClass -> node.k8s.io/v1
1.23  1.26 autoscaling/v2beta2 HorizontalPodAutoscaler -> autoscaling/v2
1.23  1.26 flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema,PriorityLevelConfiguration -> flowcontrol.apiserver.k8s.io/v1
1.24  1.27 storage.k8s.io/v1beta1 CSIStorageCapacity -> storage.k8s.io/v1
1.26  1.29 flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema,PriorityLevelConfiguration -> flowcontrol.apiserver.k8s.io/v1
1.29  1.32 flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema,PriorityLevelConfiguration -> flowcontrol.apiserver.k8s.io/v1
1.29  1.32 authentication.k8s.io/v1alpha1 SelfSubjectReview -> authentication.k8s.io/v1
1.30  1.33 authentication.k8s.io/v1beta1 SelfSubjectReview -> authentication.k8s.io/v1
1.29  1.32 admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicy,ValidatingAdmissionPolicyBinding -> admissionregistration.k8s.io/v1
1.31  1.34 admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy,ValidatingAdmissionPolicyBinding -> admissionregistration.k8s.io/v1
1.32  1.35 storage.k8s.io/v1alpha1 VolumeAttributesClass -> storage.k8s.io/v1
1.34  1.37 storage.k8s.io/v1beta1 VolumeAttributesClass -> storage.k8s.io/v1
1.34  1.37 networking.k8s.io/v1beta1 IPAddress,ServiceCIDR -> networking.k8s.io/v1
1.34  1.37 certificates.k8s.io/v1alpha1 ClusterTrustBundle -> certificates.k8s.io/v1
1.35  1.38 admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicy,MutatingAdmissionPolicyBinding -> admissionregistration.k8s.io/v1
1.35  1.38 coordination.k8s.io/v1alpha2 LeaseCandidate -> coordination.k8s.io/v1beta1
1.35  1.38 resource.k8s.io/v1beta1 DeviceClass,ResourceClaim,ResourceClaimTemplate,ResourceSlice -> resource.k8s.io/v1
1.36  1.39 resource.k8s.io/v1beta2 DeviceClass,ResourceClaim,ResourceClaimTemplate,ResourceSlice -> resource.k8s.io/v1
1.36  1.39 resource.k8s.io/v1alpha3 DeviceTaintRule -> resource.k8s.io/v1beta2
1.37  1.40 admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy,MutatingAdmissionPolicyBinding -> admissionregistration.k8s.io/v1
1.37  1.40 certificates.k8s.io/v1beta1 ClusterTrustBundle,PodCertificateRequest -> certificates.k8s.io/v1
1.37  1.40 storagemigration.k8s.io/v1beta1 StorageVersionMigration -> storagemigration.k8s.io/v1
1.19  -    v1 ComponentStatus ->
1.33  -    v1 Endpoints -> discovery.k8s.io/v1 EndpointSlice
"""  # noqa: E501 - one line each


def _read(guide: str) -> Iterator[tuple[tuple[str, str], Retirement]]:
    for line in guide.strip().splitlines():
        old, _, replacement = line.partition(" ->")
        deprecated, removed, api_version, kinds = old.split()
        retirement = Retirement(_minor(deprecated), _minor(removed), replacement.strip())
        yield from (((api_version, kind), retirement) for kind in kinds.split(","))


def _minor(text: str) -> int | None:
    return None if text == "-" else int(text.removeprefix("1."))


RETIREMENTS: Final[Mapping[tuple[str, str], Retirement]] = dict(_read(_GUIDE))
"""By API version and kind."""
