"""Words that fields of Kubernetes' own kinds may hold, by definition and field.

Source: the API reference, https://kubernetes.io/docs/reference/kubernetes-api/. Only fields whose words have stayed the
same in every version that has schemas here, or have only grown to what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_CONTAINER: Final = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
}
_CLAIM: Final = {
    "accessModes": ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"),
    "volumeMode": ("Filesystem", "Block"),
}
_WEBHOOK: Final = {
    "failurePolicy": ("Fail", "Ignore"),
    "matchPolicy": ("Exact", "Equivalent"),
    "sideEffects": ("None", "NoneOnDryRun"),
}
_ROLLING: Final = ("RollingUpdate", "OnDelete")

KNOWN_VALUES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "admissionregistration.v1.MutatingWebhook": _WEBHOOK,
    "admissionregistration.v1.ValidatingWebhook": _WEBHOOK,
    "apps.v1.DaemonSetUpdateStrategy": {"type": _ROLLING},
    "apps.v1.DeploymentStrategy": {"type": ("Recreate", "RollingUpdate")},
    "apps.v1.StatefulSetSpec": {"podManagementPolicy": ("OrderedReady", "Parallel")},
    "apps.v1.StatefulSetUpdateStrategy": {"type": _ROLLING},
    "batch.v1.CronJobSpec": {"concurrencyPolicy": ("Allow", "Forbid", "Replace")},
    "batch.v1.JobSpec": {"completionMode": ("NonIndexed", "Indexed")},
    "core.v1.Container": _CONTAINER,
    "core.v1.ContainerPort": {"protocol": _PROTOCOLS},
    "core.v1.EphemeralContainer": _CONTAINER,
    "core.v1.HTTPGetAction": {"scheme": ("HTTP", "HTTPS")},
    "core.v1.NodeSelectorRequirement": {"operator": ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")},
    "core.v1.PersistentVolumeClaimSpec": _CLAIM,
    "core.v1.PersistentVolumeSpec": {**_CLAIM, "persistentVolumeReclaimPolicy": ("Retain", "Delete", "Recycle")},
    "core.v1.PodSpec": {
        "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
        "preemptionPolicy": ("PreemptLowerPriority", "Never"),
        "restartPolicy": ("Always", "OnFailure", "Never"),
    },
    "core.v1.SeccompProfile": {"type": ("RuntimeDefault", "Localhost", "Unconfined")},
    "core.v1.ServicePort": {"protocol": _PROTOCOLS},
    "core.v1.ServiceSpec": {
        "externalTrafficPolicy": ("Cluster", "Local"),
        "internalTrafficPolicy": ("Cluster", "Local"),
        "ipFamilyPolicy": ("SingleStack", "PreferDualStack", "RequireDualStack"),
        "sessionAffinity": ("ClientIP", "None"),
        "type": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    },
    "core.v1.Toleration": {"effect": ("NoSchedule", "PreferNoSchedule", "NoExecute")},
    "core.v1.TopologySpreadConstraint": {"whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway")},
    "networking.v1.HTTPIngressPath": {"pathType": ("Exact", "Prefix", "ImplementationSpecific")},
    "networking.v1.NetworkPolicyPort": {"protocol": _PROTOCOLS},
    "networking.v1.NetworkPolicySpec": {"policyTypes": ("Ingress", "Egress")},
    "policy.v1.PodDisruptionBudgetSpec": {"unhealthyPodEvictionPolicy": ("IfHealthyBudget", "AlwaysAllow")},
}
