"""The request that applying an object would be, and whether a policy speaks of it.

Source: Kubernetes documentation, "Validating Admission Policy" and "Dynamic Admission Control" (matching requests);
k8s.io/apiserver ``pkg/admission/plugin/policy/matching``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from pipeline.model.label_selector import LabelSelector
from pipeline.model.manifests import Body, Resource
from pipeline.model.validation.admission import Matching, ResourceRule
from pipeline.model.validation.definitions import Definition
from pipeline.model.validation.held import held

CLUSTER_WIDE = frozenset(
    [
        ("", "Namespace"), ("", "Node"), ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"), ("certificates.k8s.io", "ClusterTrustBundle"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("networking.k8s.io", "IngressClass"), ("networking.k8s.io", "IPAddress"), ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"), ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"), ("storage.k8s.io", "CSINode"), ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"), ("storage.k8s.io", "VolumeAttributesClass"),
    ]
)  # fmt: skip
"""Group and kind of what is in no namespace, among the kinds that every API server has."""
_EXEMPT_GROUP = "admissionregistration.k8s.io"
_EXEMPT = frozenset(
    f"{what}{end}" for what in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy") for end in ("", "Binding")
) | {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
_DEFAULT_NAMESPACE = "default"
_NAME_LABEL = "kubernetes.io/metadata.name"


class Answer(Enum):
    """Whether a policy speaks of a request."""

    YES = auto()
    NO = auto()
    UNKNOWN_NAMESPACE = auto()
    """It depends on labels of a Namespace that is not among the manifests."""
    OTHER_VERSION = auto()
    """It speaks of another version of the same kind, into which an API server would convert the object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Creating an object, changing it from ``old``, or deleting it: then it is ``old``, and comes no more."""

    resource: Resource
    plural: str
    namespace: str
    """Of the request: empty for what is in no namespace."""
    old: Body | None = None
    namespace_object: Body | None = None
    """The Namespace that it is in, where that is known."""
    is_deletion: bool = False

    @property
    def operation(self) -> str:
        """``CREATE``, ``UPDATE`` or ``DELETE``."""
        if self.is_deletion:
            return "DELETE"
        return "CREATE" if self.old is None else "UPDATE"

    @property
    def version(self) -> str:
        """The object's API version without its group."""
        return self.resource.api_version.rpartition("/")[2]

    def document(self) -> dict[str, Any]:
        """``request`` as far as it is known before anybody makes it: who will, is not.

        Empty texts are left out, as an API server does.
        """
        identity = self.resource.id
        kind = {"group": identity.group, "version": self.version, "kind": identity.kind}
        resource = {"group": identity.group, "version": self.version, "resource": self.plural}
        namespace = identity.name if self.is_namespace else self.namespace
        return {
            "kind": kind,
            "requestKind": kind,
            "resource": resource,
            "requestResource": resource,
            "name": identity.name,
            "operation": self.operation,
            "dryRun": False,
            **({"namespace": namespace} if namespace else {}),
        }

    def held(self, body: Body) -> Body:
        """The object as the request has it: in its namespace, with the defaults of its kind."""
        found = held(body)
        metadata = found.get("metadata") or {}
        if not self.namespace or metadata.get("namespace"):
            return found
        return {**found, "metadata": {**metadata, "namespace": self.namespace}}

    @property
    def is_namespace(self) -> bool:
        """Whether it is about a Namespace, whose own labels decide."""
        return (self.resource.id.group, self.resource.id.kind) == ("", "Namespace")


KNOWN_FIELDS = frozenset(
    [
        "kind",
        "requestKind",
        "resource",
        "requestResource",
        "subResource",
        "requestSubResource",
        "name",
        "namespace",
        "operation",
        "dryRun",
    ]
)
"""The fields of ``request`` that :meth:`Request.document` has."""


def request_for(
    resource: Resource,
    definition: Definition | None,
    old: Body | None,
    namespaces: Mapping[str, Body],
) -> Request:
    """What applying the object would ask of an API server."""
    request = _request(resource, definition, namespaces)
    return request if old is None or old == resource.body else replace(request, old=old)


def deletion_of(resource: Resource, definition: Definition | None, namespaces: Mapping[str, Body]) -> Request:
    """What pruning the object would ask of an API server."""
    return replace(_request(resource, definition, namespaces), old=resource.body, is_deletion=True)


def _request(resource: Resource, definition: Definition | None, namespaces: Mapping[str, Body]) -> Request:
    identity = resource.id
    is_namespaced = definition.is_namespaced if definition else (identity.group, identity.kind) not in CLUSTER_WIDE
    namespace = (identity.namespace or _DEFAULT_NAMESPACE) if is_namespaced else ""
    found = namespaces.get(namespace)
    return Request(
        resource=resource,
        plural=definition.plural if definition else guessed_plural(identity.kind),
        namespace=namespace,
        namespace_object=None if found is None else with_name_label(found),
    )


def guessed_plural(kind: str) -> str:
    """The resource's name by the rule that all of Kubernetes' own kinds keep."""
    lower = kind.lower()
    if lower == "endpoints":
        return lower
    if lower.endswith(("s", "x", "ch", "sh")):
        return f"{lower}es"
    return f"{lower[:-1]}ies" if lower.endswith("y") and lower[-2:-1] not in "aeiou" else f"{lower}s"


def with_name_label(namespace: Body) -> Body:
    """The Namespace with the label that every API server gives it."""
    metadata = namespace.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), _NAME_LABEL: metadata.get("name", "")}
    return {**namespace, "metadata": {**metadata, "labels": labels}}


def is_exempt(resource: Resource) -> bool:
    """Whether no policy may speak of the object, for somebody has to be able to repair policies."""
    return resource.id.group == _EXEMPT_GROUP and resource.id.kind in _EXEMPT


def answer(matching: Matching, request: Request) -> Answer:
    """Whether these constraints are about the request."""
    if not _is_selected(matching.objects, request):
        return Answer.NO
    in_namespace = _namespace_answer(matching.namespaces, request)
    if in_namespace is Answer.NO:
        return Answer.NO
    excluded = _rules_answer(matching.excluded, request, is_exact=matching.is_exact)
    if excluded is not Answer.NO:
        return Answer.NO if excluded is Answer.YES else excluded
    included = _rules_answer(matching.rules, request, is_exact=matching.is_exact) if matching.rules else Answer.YES
    return included if included is not Answer.YES else in_namespace


def _is_selected(selector: LabelSelector, request: Request) -> bool:
    return selector.matches(_labels(request.resource.body)) or (
        request.old is not None and selector.matches(_labels(request.old))
    )


def _namespace_answer(selector: LabelSelector, request: Request) -> Answer:
    if not selector.requirements:
        return Answer.YES
    if request.is_namespace:
        labels = _labels(with_name_label(request.resource.body))
    elif not request.namespace:
        return Answer.YES
    elif request.namespace_object is not None:
        labels = _labels(request.namespace_object)
    else:
        known = {_NAME_LABEL: request.namespace}
        decided = [each.holds(known[each.key]) for each in selector.requirements if each.key in known]
        if not all(decided):
            return Answer.NO
        return Answer.YES if len(decided) == len(selector.requirements) else Answer.UNKNOWN_NAMESPACE
    return Answer.YES if selector.matches(labels) else Answer.NO


def _rules_answer(rules: tuple[ResourceRule, ...], request: Request, *, is_exact: bool) -> Answer:
    of_kind = [rule for rule in rules if _speaks_of(rule, request)]
    if any({"*", request.version} & set(rule.versions) for rule in of_kind):
        return Answer.YES
    return Answer.OTHER_VERSION if of_kind and not is_exact else Answer.NO


def _speaks_of(rule: ResourceRule, request: Request) -> bool:
    """Whether it does, whatever the version."""
    identity = request.resource.id
    is_cluster_wide = request.is_namespace or not request.namespace
    return (
        bool({"*", identity.group} & set(rule.groups))
        and bool({"*", request.operation} & set(rule.operations))
        and bool({"*", "*/*", request.plural, f"{request.plural}/*"} & set(rule.resources))
        and rule.scope in ("*", "Cluster" if is_cluster_wide else "Namespaced")
        and (not rule.names or identity.name in rule.names)
    )


def _labels(body: Body) -> Mapping[str, str]:
    labels = (body.get("metadata") or {}).get("labels") or {}
    return {str(key): str(value) for key, value in labels.items()}
