"""ValidatingAdmissionPolicies, their bindings, and what both say of which objects.

Source: Kubernetes documentation, "Validating Admission Policy"; k8s.io/api ``admissionregistration/v1``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.label_selector import LabelSelector, Operator, Requirement
from pipeline.model.manifests import Resource, group_of
from pipeline.model.validation.finding import Severity

GROUP = "admissionregistration.k8s.io"
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
VERSIONS = frozenset({f"{GROUP}/v1", f"{GROUP}/v1beta1", f"{GROUP}/v1alpha1"})
SEVERITIES: Mapping[str, Severity] = {"Deny": Severity.ERROR, "Warn": Severity.WARNING, "Audit": Severity.NOTE}
"""By validation action, the gravest first."""
_EVERYTHING = LabelSelector()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRule:
    """Operations on resources; ``*`` stands for all."""

    groups: tuple[str, ...]
    versions: tuple[str, ...]
    resources: tuple[str, ...]
    operations: tuple[str, ...]
    names: tuple[str, ...] = ()
    scope: str = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """``matchConstraints`` of a policy, ``matchResources`` of a binding."""

    rules: tuple[ResourceRule, ...] = ()
    excluded: tuple[ResourceRule, ...] = ()
    namespaces: LabelSelector = _EVERYTHING
    objects: LabelSelector = _EVERYTHING
    is_exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """One of a policy's expressions."""

    expression: str
    message: str = ""
    message_expression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A ValidatingAdmissionPolicy. ``variables`` and ``conditions`` are names and expressions."""

    resource: Resource
    matching: Matching
    validations: tuple[Validation, ...]
    variables: tuple[tuple[str, str], ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    param_kind: tuple[str, str] | None = None
    """Group and kind."""
    ignores_failures: bool = False

    @property
    def name(self) -> str:
        """The policy's own name."""
        return self.resource.id.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A ValidatingAdmissionPolicyBinding; ``param`` is what ``paramRef`` asks for."""

    resource: Resource
    policy: str
    severity: Severity | None
    matching: Matching
    has_param: bool = False
    param_name: str = ""
    param_namespace: str = ""
    param_selector: LabelSelector | None = None
    allows_missing_param: bool = False

    @property
    def name(self) -> str:
        """The binding's own name."""
        return self.resource.id.name


@dataclass(frozen=True, slots=True)
class Policies:
    """Policies and bindings in the order in which they were found, of each name the first."""

    policies: tuple[Policy, ...] = ()
    bindings: Mapping[str, tuple[Binding, ...]] = field(default_factory=dict)
    """By the policy's name."""


def read_policies(resources: Iterable[Resource]) -> Policies:
    """Take policies and bindings out of objects; all others are passed over.

    Raises:
        ConfigurationError: one is not what Kubernetes calls so; the message names it and its place.
    """
    policies: dict[str, Policy] = {}
    bindings: dict[str, Binding] = {}
    for resource in resources:
        if resource.api_version not in VERSIONS:
            continue
        if resource.id.kind == POLICY:
            policies.setdefault(resource.id.name, _policy(resource))
        elif resource.id.kind == BINDING:
            bindings.setdefault(resource.id.name, _binding(resource))
    by_policy: dict[str, tuple[Binding, ...]] = {}
    for binding in bindings.values():
        by_policy[binding.policy] = (*by_policy.get(binding.policy, ()), binding)
    return Policies(tuple(policies.values()), by_policy)


def _policy(resource: Resource) -> Policy:
    spec = _Reader(resource, resource.body.get("spec"), "spec")
    kind = spec.child("paramKind")
    return Policy(
        resource=resource,
        matching=_matching(spec.child("matchConstraints")),
        validations=tuple(_validation(each) for each in spec.children("validations")),
        variables=tuple((each.needed("name"), each.needed("expression")) for each in spec.children("variables")),
        conditions=tuple((each.needed("name"), each.needed("expression")) for each in spec.children("matchConditions")),
        annotations=tuple(
            (each.needed("key"), each.needed("valueExpression")) for each in spec.children("auditAnnotations")
        ),
        param_kind=(group_of(kind.needed("apiVersion")), kind.needed("kind")) if kind else None,
        ignores_failures=spec.text("failurePolicy") == "Ignore",
    )


def _validation(each: _Reader) -> Validation:
    return Validation(
        expression=each.needed("expression"),
        message=each.text("message").strip(),
        message_expression=each.text("messageExpression"),
    )


def _binding(resource: Resource) -> Binding:
    spec = _Reader(resource, resource.body.get("spec"), "spec")
    param = spec.child("paramRef")
    actions = spec.texts("validationActions")
    return Binding(
        resource=resource,
        policy=spec.needed("policyName"),
        severity=next((severity for action, severity in SEVERITIES.items() if action in actions), None),
        matching=_matching(spec.child("matchResources")),
        has_param=bool(param),
        param_name=param.text("name"),
        param_namespace=param.text("namespace"),
        param_selector=_selector(param.child("selector")) if param.child("selector").is_there else None,
        allows_missing_param=param.text("parameterNotFoundAction") == "Allow",
    )


def _matching(each: _Reader) -> Matching:
    return Matching(
        rules=tuple(_resource_rule(rule) for rule in each.children("resourceRules")),
        excluded=tuple(_resource_rule(rule) for rule in each.children("excludeResourceRules")),
        namespaces=_selector(each.child("namespaceSelector")),
        objects=_selector(each.child("objectSelector")),
        is_exact=each.text("matchPolicy") == "Exact",
    )


def _resource_rule(each: _Reader) -> ResourceRule:
    return ResourceRule(
        groups=each.texts("apiGroups"),
        versions=each.texts("apiVersions"),
        resources=each.texts("resources"),
        operations=each.texts("operations"),
        names=each.texts("resourceNames"),
        scope=each.text("scope") or "*",
    )


def _selector(each: _Reader) -> LabelSelector:
    """A ``metav1.LabelSelector``; empty: everything is selected."""
    labels = each.content.get("matchLabels")
    found = [
        Requirement(key, Operator.IN, frozenset({str(value)}))
        for key, value in (labels.items() if isinstance(labels, Mapping) else ())
    ]
    for expression in each.children("matchExpressions"):
        operator = expression.needed("operator")
        if operator not in set(Operator):
            expression.refuse("operator", f"'{operator}' is none; expected {', '.join(Operator)}")
        found.append(Requirement(expression.needed("key"), Operator(operator), frozenset(expression.texts("values"))))
    return LabelSelector(tuple(found))


class _Reader:
    """A mapping in a policy, with its place for complaints."""

    def __init__(self, resource: Resource, content: object, place: str) -> None:
        self._resource = resource
        self._place = place
        self.is_there = content is not None
        if content is not None and not isinstance(content, Mapping):
            self.refuse("", "is no mapping")
        self.content: Mapping[str, Any] = content if isinstance(content, Mapping) else {}

    def __bool__(self) -> bool:
        return bool(self.content)

    def refuse(self, key: str, problem: str) -> None:
        place = f"{self._place}.{key}" if key else self._place
        raise ConfigurationError(
            f"{self._resource.origin or self._resource.id}: {place} of {self._resource.id}: {problem}"
        )

    def text(self, key: str) -> str:
        value = self.content.get(key)
        if value is not None and not isinstance(value, str):
            self.refuse(key, "is no text")
        return value or ""

    def needed(self, key: str) -> str:
        if not (found := self.text(key)):
            self.refuse(key, "is missing")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key)
        if value is not None and (not isinstance(value, list) or not all(isinstance(each, str) for each in value)):
            self.refuse(key, "is no list of texts")
        return tuple(value or ())

    def child(self, key: str) -> _Reader:
        return _Reader(self._resource, self.content.get(key), f"{self._place}.{key}")

    def children(self, key: str) -> list[_Reader]:
        value = self.content.get(key)
        if value is not None and not isinstance(value, list):
            self.refuse(key, "is no list")
        return [
            _Reader(self._resource, each, f"{self._place}.{key}[{index}]") for index, each in enumerate(value or ())
        ]
