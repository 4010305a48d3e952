"""What an object names, selects and is made by, read from its body alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.documents.untyped import texts_of
from pipeline.model.graph.graph import Relation
from pipeline.model.graph.paths import first_mapping, steps, values_at
from pipeline.model.graph.reference_rules import CLUSTER_WIDE, MAKES, POD_RULES, RULES, Rule
from pipeline.model.label_selector import LabelSelector, Operator, Requirement
from pipeline.model.manifests import Body, ObjectId, Resource, group_of

_DATA_ONLY: Final = frozenset({("", "ConfigMap"), ("", "Secret"), ("apiextensions.k8s.io", "CustomResourceDefinition")})
"""What looks like a pod in these is none."""
_MAX_DEPTH: Final = 24
"""Levels in which a pod's specification is looked for; Kubernetes' own are found within five."""
_WHOLE_SELECTOR: Final = steps("spec.selector")
_ISSUERS: Final = {"cert-manager.io/issuer": "Issuer", "cert-manager.io/cluster-issuer": "ClusterIssuer"}
_OWNERS: Final = steps("metadata.ownerReferences[]")


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that another one names; ``label`` says in a word what for."""

    target: ObjectId
    relation: Relation
    label: str = ""
    is_optional: bool = False
    """Whether it is fine that there is no such object."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Objects that another one selects by their labels, in ``namespace``.

    ``kind`` is empty where pods are selected, which stands for whatever makes them.
    """

    selector: LabelSelector
    namespace: str
    label: str
    kind: str = ""


def references(resource: Resource) -> Iterator[Reference]:
    """Everything that the object names, each target once per label; owners are not among them."""
    seen: set[tuple[ObjectId, str]] = set()
    for reference in _references(resource):
        if (reference.target, reference.label) not in seen and reference.target != resource.id:
            seen.add((reference.target, reference.label))
            yield reference


def owners(resource: Resource) -> Iterator[ObjectId]:
    """Who owns the object, by its owner references."""
    for owner in values_at(resource.body, _OWNERS):
        if isinstance(owner, Mapping) and isinstance(owner.get("kind"), str) and isinstance(owner.get("name"), str):
            yield _target(_group_of(owner, ""), owner["kind"], resource.id.namespace, owner["name"])


def makes(resource: Resource) -> ObjectId | None:
    """The Secret that a controller makes from the object, under a name that others use."""
    for rule in MAKES.get((resource.id.group, resource.id.kind), ()):
        for found in _by_rule(rule, resource.body, resource.id.namespace):
            return found.target
    return None


def pod_specs(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Every specification of pods in an object, custom resources included."""
    for template in _pod_templates(resource):
        yield template["spec"]


def pod_labels(resource: Resource) -> dict[str, str] | None:
    """The labels that the object's pods will have; ``None`` where it makes none."""
    for template in _pod_templates(resource):
        metadata = template.get("metadata")
        return texts_of(metadata.get("labels")) if isinstance(metadata, Mapping) else {}
    return None


def selections(resource: Resource) -> Iterator[Selection]:
    """What the object selects; a selector that is empty or cannot be read selects nothing here."""
    object_id = resource.id
    namespace = object_id.namespace
    match (object_id.group, object_id.kind):
        case ("", "Service"):
            labels = texts_of(first_mapping(resource.body, _WHOLE_SELECTOR))
            yield from _selection({"matchLabels": labels}, namespace, "selects")
        case ("policy", "PodDisruptionBudget"):
            yield from _selection(first_mapping(resource.body, _WHOLE_SELECTOR), namespace, "protects")
        case ("networking.k8s.io", "NetworkPolicy"):
            yield from _selection(first_mapping(resource.body, steps("spec.podSelector")), namespace, "guards")
        case ("monitoring.coreos.com", "PodMonitor"):
            yield from _selection(first_mapping(resource.body, _WHOLE_SELECTOR), namespace, "watches")
        case ("monitoring.coreos.com", "ServiceMonitor"):
            selector = first_mapping(resource.body, _WHOLE_SELECTOR)
            yield from _selection(selector, namespace, "watches", "Service")
        case ("rbac.authorization.k8s.io", "ClusterRole"):
            for selector in values_at(resource.body, steps("aggregationRule.clusterRoleSelectors[]")):
                yield from _selection(selector, "", "aggregates", "ClusterRole")


def _references(resource: Resource) -> Iterator[Reference]:
    object_id, body = resource.id, resource.body
    for rule in RULES.get((object_id.group, object_id.kind), ()):
        yield from _by_rule(rule, body, object_id.namespace, is_optional=_is_made_elsewhere(rule, body))
    for spec in pod_specs(resource):
        for rule in POD_RULES:
            yield from _by_rule(rule, spec, object_id.namespace)
    annotations = texts_of(first_mapping(body, ("metadata", "annotations")))
    for annotation, kind in _ISSUERS.items():
        if annotation in annotations:
            target = _target("cert-manager.io", kind, object_id.namespace, annotations[annotation])
            yield Reference(target, Relation.REFERENCE, "issued by")


def _is_made_elsewhere(rule: Rule, body: Body) -> bool:
    """Whether cert-manager makes an Ingress's or a Gateway's TLS Secret."""
    if rule.label != "TLS":
        return False
    annotations = first_mapping(body, ("metadata", "annotations"))
    return any(annotation in annotations for annotation in _ISSUERS)


def _by_rule(rule: Rule, within: Any, namespace: str, *, is_optional: bool = False) -> Iterator[Reference]:  # noqa: ANN401 - any JSON value
    for found in values_at(within, rule.path):
        kind, group = rule.kind, rule.group
        if isinstance(found, Mapping):
            name = found.get(rule.key)
            if rule.only and found.get("kind") != rule.only:
                continue
            if rule.is_typed:
                kind, group = _text(found.get("kind")) or kind, _group_of(found, group)
            place = _text(found.get("namespace")) or namespace
            may_miss = is_optional or found.get("optional") is True
        else:
            name, place, may_miss = found, namespace, is_optional
        if isinstance(name, str) and name and kind:
            yield Reference(_target(group, kind, place, name), rule.relation, rule.label, may_miss)


def _target(group: str, kind: str, namespace: str, name: str) -> ObjectId:
    return ObjectId(group, kind, "" if kind in CLUSTER_WIDE else namespace, name)


def _group_of(reference: Mapping[str, Any], default: str) -> str:
    for key in ("group", "apiGroup"):
        if isinstance(reference.get(key), str):
            return str(reference[key])
    version = reference.get("apiVersion")
    if isinstance(version, str):
        return group_of(version)
    return default


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _pod_templates(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Mappings with a ``spec`` that has containers: templates, and pods themselves."""
    if (resource.id.group, resource.id.kind) in _DATA_ONLY:
        return
    level: list[Mapping[str, Any]] = [resource.body]
    for _ in range(_MAX_DEPTH):
        below: list[Mapping[str, Any]] = []
        for value in level:
            spec = value.get("spec")
            if isinstance(spec, Mapping) and isinstance(spec.get("containers"), list):
                yield value
                continue
            for inner in value.values():
                if isinstance(inner, Mapping):
                    below.append(inner)
                elif isinstance(inner, list):
                    below.extend(item for item in inner if isinstance(item, Mapping))
        if not below:
            return
        level = below


def _selection(selector: object, namespace: str, label: str, kind: str = "") -> Iterator[Selection]:
    if not isinstance(selector, Mapping):
        return
    labels = texts_of(selector.get("matchLabels"))
    requirements = [Requirement(key, Operator.IN, frozenset({value})) for key, value in sorted(labels.items())]
    for expression in values_at(selector, steps("matchExpressions[]")):
        requirement = _requirement(expression)
        if requirement is None:
            return
        requirements.append(requirement)
    if requirements:
        yield Selection(LabelSelector(tuple(requirements)), namespace, label, kind)


def _requirement(expression: object) -> Requirement | None:
    if not isinstance(expression, Mapping) or not isinstance(expression.get("key"), str):
        return None
    values = expression.get("values") or []
    if expression.get("operator") not in set(Operator) or not isinstance(values, list):
        return None
    named = frozenset(value for value in values if isinstance(value, str))
    return Requirement(expression["key"], Operator(expression["operator"]), named)
