"""Which fields the API server does not change once an object exists.

Source: Kubernetes' API reference and the validation of updates per kind (``pkg/apis/*/validation``), release 1.35.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.comparison.quantities import amount
from pipeline.model.documents.untyped import mapping_at, text_at, texts_at
from pipeline.model.kustomizing.encryption import is_encrypted
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import ABSENT, FieldChange

_DEFAULTS: Final[Mapping[str, Any]] = {
    "spec.podManagementPolicy": "OrderedReady",
    "spec.completionMode": "NonIndexed",
    "spec.volumeMode": "Filesystem",
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
    "preemptionPolicy": "PreemptLowerPriority",
    "type": "Opaque",
    "immutable": False,
    "spec.attachRequired": True,
    "spec.volumeLifecycleModes": ["Persistent"],
}
"""What the API server puts in where nothing is said: saying it is no change."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The fields of one kind; ``free`` are regular expressions for what may change all the same inside of ``fields``.

    ``allows`` may let a change pass for what else the object says.
    """

    fields: tuple[str, ...]
    free: tuple[str, ...] = ()
    allows: Callable[[FieldChange, Body, Body], bool] = lambda _change, _before, _after: False

    def field_of(self, change: FieldChange, before: Body, after: Body) -> str:
        """The field that may not be changed like this, or an empty text where it may."""
        field = next((name for name in self.fields if _is_within(change.path, name)), "")
        is_free = any(re.match(pattern, change.path) for pattern in self.free)
        if not field or is_free or _is_default(change) or self.allows(change, before, after):
            return ""
        return change.path if field in _WHOLE else field


_WHOLE: Final = frozenset({"spec"})
"""Too wide to be named: the field in it that changes says more."""


def fixed_fields(object_id: ObjectId, before: Body) -> Fixed | None:
    """What does not change in an object of that identity; ``None`` where everything may."""
    if (object_id.group, object_id.kind) in {("", "ConfigMap"), ("", "Secret")}:
        kind = ("type",) if object_id.kind == "Secret" else ()
        # Encrypted anew, the same values look like others.
        values = () if is_encrypted(before) else ("data", "binaryData")
        return Fixed((*kind, *values, "immutable") if before.get("immutable") is True else kind)
    return _FIXED.get((object_id.group, object_id.kind))


def _is_default(change: FieldChange) -> bool:
    """Whether one version leaves the field out and the other says what it then is."""
    sides = [side for side in (change.before, change.after) if side is not ABSENT]
    return len(sides) == 1 and change.path in _DEFAULTS and sides[0] == _DEFAULTS[change.path]


def _is_within(path: str, field: str) -> bool:
    """Whether the path leads into the field, or to what the field is in (which then comes or goes as a whole)."""
    return path == field or path.startswith((f"{field}.", f"{field}[")) or field.startswith(f"{path}.")


def _allowed_in_a_job(change: FieldChange, before: Body, after: Body) -> bool:
    spec = mapping_at(before, "spec")
    if change.path == "spec.completions":
        # An indexed Job may be scaled together with its parallelism.
        return spec.get("completionMode") == "Indexed" == mapping_at(after, "spec").get("completionMode")
    scheduling = (
        r"spec\.template\.(metadata\.(labels|annotations)|spec\.(nodeSelector|tolerations|affinity|schedulingGates))"
    )
    return spec.get("suspend") is True and re.match(rf"{scheduling}($|[.\[])", change.path) is not None


def _allowed_in_a_service(change: FieldChange, before: Body, after: Body) -> bool:
    """What was allocated is kept where the manifest stops naming it; ExternalName has none of it."""
    types = {text_at(body, "spec", "type") for body in (before, after)}
    if change.path == "spec.loadBalancerClass":
        return types != {"LoadBalancer"}
    if "ExternalName" in types or change.after is ABSENT:
        return True
    if change.path.startswith("spec.ipFamilies"):
        # A second family may come and go.
        first, second = (texts_at(body, "spec", "ipFamilies")[:1] for body in (before, after))
        return not first or first == second
    # What was allocated is not in the manifest: only None is certain to be another one.
    return change.before is ABSENT and change.after not in ("None", ["None"])


def _allowed_in_a_claim(change: FieldChange, before: Body, after: Body) -> bool:
    del before, after
    if change.path == "spec.resources.requests.storage":
        old, new = amount(change.before), amount(change.after)
        return old is None or new is None or new >= old
    return change.before is ABSENT and change.path in {"spec.storageClassName", "spec.volumeName"}


_SELECTOR: Final = Fixed(("spec.selector",))
_ROLE: Final = Fixed(("roleRef",))
_JOB: Final = (
    "spec.backoffLimitPerIndex",
    "spec.completionMode",
    "spec.completions",
    "spec.managedBy",
    "spec.podFailurePolicy",
    "spec.selector",
    "spec.successPolicy",
    "spec.template",
)
_SERVICE: Final = (
    "spec.clusterIP",
    "spec.clusterIPs",
    "spec.healthCheckNodePort",
    "spec.ipFamilies",
    "spec.loadBalancerClass",
)
_VOLUME_MAY_CHANGE: Final = (
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
)
_FIXED: Final[Mapping[tuple[str, str], Fixed]] = {
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "ReplicaSet"): _SELECTOR,
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "StatefulSet"): Fixed(
        ("spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates")
    ),
    ("batch", "Job"): Fixed(_JOB, allows=_allowed_in_a_job),
    ("", "Pod"): Fixed(
        ("spec",),
        free=(
            r"spec\.(c|initC)ontainers\[[^\]]*\]\.image$",
            r"spec\.(activeDeadlineSeconds|terminationGracePeriodSeconds|tolerations|schedulingGates)\b",
        ),
    ),
    ("", "Service"): Fixed(_SERVICE, allows=_allowed_in_a_service),
    ("", "PersistentVolumeClaim"): Fixed(
        ("spec",), free=(r"spec\.volumeAttributesClassName$",), allows=_allowed_in_a_claim
    ),
    ("", "PersistentVolume"): Fixed(("spec",), free=(rf"spec\.({'|'.join(_VOLUME_MAY_CHANGE)})\b",)),
    ("storage.k8s.io", "StorageClass"): Fixed(("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode")),
    ("storage.k8s.io", "CSIDriver"): Fixed(("spec.attachRequired", "spec.volumeLifecycleModes")),
    ("storage.k8s.io", "VolumeAttributesClass"): Fixed(("driverName", "parameters")),
    ("rbac.authorization.k8s.io", "RoleBinding"): _ROLE,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _ROLE,
    ("scheduling.k8s.io", "PriorityClass"): Fixed(("value", "preemptionPolicy")),
    ("node.k8s.io", "RuntimeClass"): Fixed(("handler",)),
    ("networking.k8s.io", "IngressClass"): Fixed(("spec.controller",)),
    ("discovery.k8s.io", "EndpointSlice"): Fixed(("addressType",)),
    ("resource.k8s.io", "ResourceClaim"): Fixed(("spec",)),
    ("resource.k8s.io", "ResourceClaimTemplate"): Fixed(("spec",)),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Fixed(
        ("spec.group", "spec.scope", "spec.names.kind", "spec.names.plural")
    ),
}
