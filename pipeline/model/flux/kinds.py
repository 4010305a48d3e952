"""The kinds that people name by a word: built-in ones and Flux's, with kubectl's short names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.errors import UsageError
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import group_of

# Kind, and the words for it beside its own name and its plural.
_KINDS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "v1": (
        ("ConfigMap", ("cm",)),
        ("Endpoints", ("ep",)),
        ("LimitRange", ("limits",)),
        ("Namespace", ("ns",)),
        ("Node", ("no",)),
        ("PersistentVolume", ("pv",)),
        ("PersistentVolumeClaim", ("pvc",)),
        ("Pod", ("po",)),
        ("ReplicationController", ("rc",)),
        ("ResourceQuota", ("quota",)),
        ("Secret", ()),
        ("Service", ("svc",)),
        ("ServiceAccount", ("sa",)),
    ),
    "apps/v1": (
        ("ControllerRevision", ()),
        ("DaemonSet", ("ds",)),
        ("Deployment", ("deploy",)),
        ("ReplicaSet", ("rs",)),
        ("StatefulSet", ("sts",)),
    ),
    "batch/v1": (("CronJob", ("cj",)), ("Job", ())),
    "autoscaling/v2": (("HorizontalPodAutoscaler", ("hpa",)),),
    "networking.k8s.io/v1": (
        ("Ingress", ("ing",)),
        ("IngressClass", ()),
        ("NetworkPolicy", ("netpol",)),
    ),
    "policy/v1": (("PodDisruptionBudget", ("pdb",)),),
    "rbac.authorization.k8s.io/v1": (
        ("ClusterRole", ()),
        ("ClusterRoleBinding", ()),
        ("Role", ()),
        ("RoleBinding", ()),
    ),
    "apiextensions.k8s.io/v1": (("CustomResourceDefinition", ("crd", "crds")),),
    "admissionregistration.k8s.io/v1": (
        ("MutatingWebhookConfiguration", ()),
        ("ValidatingWebhookConfiguration", ()),
    ),
    "scheduling.k8s.io/v1": (("PriorityClass", ("pc",)),),
    "storage.k8s.io/v1": (("StorageClass", ("sc",)),),
    KUSTOMIZATIONS.api_version: ((KUSTOMIZATIONS.kind, ("ks",)),),
    OCI_REPOSITORIES.api_version: ((OCI_REPOSITORIES.kind, ("ocirepo",)),),
    "helm.toolkit.fluxcd.io/v2": (("HelmRelease", ("hr",)),),
}


def _plural(kind: str) -> str:
    word = kind.lower()
    if word.endswith("s"):
        return word if word == "endpoints" else word + "es"
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    word: (api_version, kind)
    for api_version, kinds in _KINDS.items()
    for kind, short in kinds
    for word in (kind.lower(), _plural(kind), *short)
}


def kind_named(word: str, api_version: str = "") -> tuple[str, str]:
    """API version and kind meant by a word such as ``deploy``, ``Deployment`` or ``deployments.apps``.

    With an API version, a word that is not known is taken for the kind itself.

    Raises:
        UsageError: it is not known, and no API version says where it belongs.
    """
    name, _, group = word.partition(".")
    known = _WORDS.get(name.lower())
    if api_version:
        return (api_version, known[1] if known is not None and not group else name)
    if known is None or (group and group_of(known[0]) != group):
        raise UsageError(
            f"'{word[:100]}' is no kind that gitless knows by name",
            hint="name the kind as manifests do and say --api-version, such as --api-version example.org/v1",
        )
    return known
