"""What a reference may find: objects of the manifests, what operators make of them, and what every cluster has.

An object without a namespace may come to be in any: it is in the one of whoever applies it. So it finds, and is found,
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
_KUBERNETES_NAMESPACES: Final = frozenset({"kube-node-lease", "kube-public", "kube-system"})
"""Here things exist that no manifests have."""
_API_SERVER: Final = ("Service", "default", "kubernetes")

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
    """Answers whether something that is named is there."""

    subject: Subject

    def is_missing(self, kind: str, namespace: str, name: str, group: str = "") -> bool:
        """Whether it is neither in the manifests nor made from them nor likely to be somebody else's.

        A namespace in which the manifests have nothing, and Kubernetes' own ones, are somebody else's; and nobody knows
        what a name with a variable in it will be.
        """
        if not name or "${" in f"{namespace}{name}" or (kind, name) in EVERYWHERE:
            return False
        if namespace not in self.subject.namespaces or namespace in _KUBERNETES_NAMESPACES:
            return False
        return self.object(kind, namespace, name, group) is None and not self._is_made(kind, namespace, name)

    def _is_made(self, kind: str, namespace: str, name: str) -> bool:
        operated = self.subject.operated
        if (kind, "*", name) in operated.made or (kind, namespace, name) == _API_SERVER:
            return True
        places = self.subject.beside(namespace)
        return any((kind, place, name) in operated.made or operated.may_make(place, name) for place in places)

    def object(self, kind: str, namespace: str, name: str, group: str = "") -> Resource | None:
        """The object of the manifests."""
        ids = (ObjectId(group, kind, place, name) for place in self.subject.beside(namespace))
        return next((self.subject.objects[item] for item in ids if item in self.subject.objects), None)

    def is_cluster_role_missing(self, name: str) -> bool:
        """The same for ClusterRoles, of which Kubernetes has some."""
        is_here = ObjectId(RBAC_GROUP, "ClusterRole", "", name) in self.subject.objects
        return bool(name) and not is_here and name not in _CLUSTER_ROLES and not name.startswith("system:")


def pods_with(subject: Subject, namespace: str, labels: Mapping[str, Any]) -> Iterable[PodTemplate]:
    """The templates whose Pods have all of these labels; those that controllers add are taken for granted."""
    wanted = {key: value for key, value in labels.items() if not key.startswith(_ADDED_LABELS)}
    places = subject.beside(namespace)
    if not wanted:
        return [pod for pod in subject.pods if pod.resource.id.namespace in places]
    by_label = [
        [subject.pods_by_label.get((place, key, str(value)), ()) for place in places] for key, value in wanted.items()
    ]
    rarest = min(by_label, key=lambda found: sum(map(len, found)))
    return [pod for pods in rarest for pod in pods if all(pod.labels.get(key) == wanted[key] for key in wanted)]


def may_be_elsewhere(subject: Subject, namespace: str, labels: Mapping[str, Any]) -> bool:
    """Whether Pods with such labels may be there though no template is.

    Kubernetes runs Pods of its own, and a label's value may be the name of a custom resource, of which an operator
    makes Pods.
    """
    names = [value for value in labels.values() if isinstance(value, str)]
    if namespace in _KUBERNETES_NAMESPACES or any("${" in name for name in names):
        return True
    places = subject.beside(namespace)
    return any((place, name) in subject.operated.makers for place in places for name in names)


def pods_selected(subject: Subject, namespace: str, selector: Mapping[str, Any]) -> Iterable[PodTemplate]:
    """The templates that a selector with ``matchLabels`` and ``matchExpressions`` selects; an empty one selects all."""
    expressions = _expressions(selector)
    found = pods_with(subject, namespace, mapping_at(selector, "matchLabels"))
    return [pod for pod in found if expressions.matches(pod.labels)]


def selects(selector: Mapping[str, Any], pod: PodTemplate) -> bool:
    """Whether such a selector selects the Pods of one template."""
    labels = mapping_at(selector, "matchLabels").items()
    return all(pod.labels.get(key) == value for key, value in labels) and _expressions(selector).matches(pod.labels)


def _expressions(selector: Mapping[str, Any]) -> LabelSelector:
    return LabelSelector(
        tuple(
            Requirement(text_at(item, "key"), Operator(item["operator"]), frozenset(texts_at(item, "values")))
            for _, item in items_at(selector, "matchExpressions")
            if text_at(item, "operator") in set(Operator) and not text_at(item, "key").startswith(_ADDED_LABELS)
        )
    )
