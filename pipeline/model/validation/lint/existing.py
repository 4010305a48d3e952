"""What a reference may find: objects of the manifests, what operators make of them, and what every cluster has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.documents.untyped import items_at, mapping_at, text_at, texts_at
from pipeline.model.label_selector import LabelSelector, Operator, Requirement
from pipeline.model.manifests import ObjectId, Resource
from pipeline.model.validation.lint.pods import PodTemplate
from pipeline.model.validation.lint.subject import Subject

RBAC_GROUP: Final = "rbac.authorization.k8s.io"
EVERYWHERE: Final = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})
"""What Kubernetes itself puts into every namespace."""
_CLUSTER_ROLES: Final = frozenset({"admin", "cluster-admin", "edit", "view"})
_OTHERS_NAMESPACES: Final = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""Here things exist that no manifests have."""

_MADE: Final = {
    ("external-secrets.io", "ExternalSecret"): (("spec", "target", "name"), "Secret"),
    ("bitnami.com", "SealedSecret"): (("spec", "template", "metadata", "name"), "Secret"),
    ("isindir.github.com", "SopsSecret"): (("metadata", "name"), "Secret"),
    ("cert-manager.io", "Certificate"): (("spec", "secretName"), "Secret"),
    ("secrets.hashicorp.com", "VaultStaticSecret"): (("spec", "destination", "name"), "Secret"),
    ("secrets.hashicorp.com", "VaultDynamicSecret"): (("spec", "destination", "name"), "Secret"),
    ("secrets.hashicorp.com", "VaultPKISecret"): (("spec", "destination", "name"), "Secret"),
}
"""Objects from which operators make others: where the name stands (else it is the object's), and of which kind."""

_ADDED_LABELS: Final = (
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
)
"""Labels of Pods that controllers add."""


@dataclass(frozen=True, slots=True)
class Existing:
    """Answers whether something that is named is there; ``made`` is what operators make, as (kind, namespace, name)."""

    subject: Subject
    made: frozenset[tuple[str, str, str]]

    def is_missing(self, kind: str, namespace: str, name: str, group: str = "") -> bool:
        """Whether it is neither in the manifests nor made from them nor likely to be somebody else's.

        A namespace in which the manifests have nothing, and Kubernetes' own ones, are somebody else's; and nobody knows
        what a name with a variable in it will be.
        """
        if not name or "${" in f"{namespace}{name}" or (kind, name) in EVERYWHERE or namespace in _OTHERS_NAMESPACES:
            return False
        if namespace not in self.subject.namespaces:
            return False
        is_here = ObjectId(group, kind, namespace, name) in self.subject.objects
        return not is_here and not self.made & {(kind, namespace, name), (kind, "*", name)}

    def object(self, kind: str, namespace: str, name: str, group: str = "") -> Resource | None:
        """The object of the manifests."""
        return self.subject.objects.get(ObjectId(group, kind, namespace, name))

    def is_cluster_role_missing(self, name: str) -> bool:
        """The same for ClusterRoles, of which Kubernetes has some."""
        is_here = ObjectId(RBAC_GROUP, "ClusterRole", "", name) in self.subject.objects
        return bool(name) and not is_here and name not in _CLUSTER_ROLES and not name.startswith("system:")


def existing_in(subject: Subject) -> Existing:
    """Look through the manifests for everything from which something else is made."""
    return Existing(subject, frozenset(_made(subject)))


def _made(subject: Subject) -> Iterator[tuple[str, str, str]]:
    for resource in subject.manifests:
        namespace, name = resource.id.namespace, resource.id.name
        place, kind = _MADE.get((resource.id.group, resource.id.kind), ((), ""))
        if place:
            yield kind, namespace, text_at(resource.body, *place) or name
        elif (resource.id.group, resource.id.kind) == ("trust.cert-manager.io", "Bundle"):
            yield "ConfigMap", "*", name
        elif resource.id.kind == "Ingress" and any(
            key.startswith(("cert-manager.io/", "kubernetes.io/tls-acme"))
            for key in mapping_at(resource.body, "metadata", "annotations")
        ):
            for _, tls in items_at(resource.body, "spec", "tls"):
                yield "Secret", namespace, text_at(tls, "secretName")
        elif resource.id.kind == "StatefulSet":
            yield from _claims(resource)


def _claims(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """The claims of a StatefulSet's Pods, as far as it has replicas."""
    replicas = mapping_at(resource.body, "spec").get("replicas", 1)
    for _, template in items_at(resource.body, "spec", "volumeClaimTemplates"):
        for number in range(min(replicas, 1000) if isinstance(replicas, int) else 1):
            claim = f"{text_at(template, 'metadata', 'name')}-{resource.id.name}-{number}"
            yield "PersistentVolumeClaim", resource.id.namespace, claim


def pods_with(subject: Subject, namespace: str, labels: Mapping[str, Any]) -> Iterable[PodTemplate]:
    """The templates whose Pods have all of these labels; those that controllers add are taken for granted."""
    wanted = {key: value for key, value in labels.items() if not key.startswith(_ADDED_LABELS)}
    if not wanted:
        return [pod for pod in subject.pods if pod.resource.id.namespace == namespace]
    first = next(iter(wanted.items()))
    candidates = subject.pods_by_label.get((namespace, first[0], str(first[1])), ())
    return [pod for pod in candidates if all(pod.labels.get(key) == value for key, value in wanted.items())]


def may_be_made(subject: Subject, namespace: str, labels: Mapping[str, Any]) -> bool:
    """Whether a label's value is the name of a custom resource: its operator makes Pods with such labels."""
    return any((namespace, value) in subject.custom for value in labels.values() if isinstance(value, str))


def pods_selected(subject: Subject, namespace: str, selector: Mapping[str, Any]) -> Iterable[PodTemplate]:
    """The templates that a selector with ``matchLabels`` and ``matchExpressions`` selects; an empty one selects all."""
    found = pods_with(subject, namespace, mapping_at(selector, "matchLabels"))
    expressions = LabelSelector(
        tuple(
            Requirement(text_at(item, "key"), Operator(item["operator"]), frozenset(texts_at(item, "values")))
            for _, item in items_at(selector, "matchExpressions")
            if text_at(item, "operator") in set(Operator) and not text_at(item, "key").startswith(_ADDED_LABELS)
        )
    )
    return [pod for pod in found if expressions.matches(pod.labels)]
