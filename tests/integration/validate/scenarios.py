"""Policies with their bindings and params, and an object for each: what decides is told by the name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

NEVER = {"expression": "object == null", "message": "never"}
FAILING = {"expression": "object.spec.nothing == 1"}
_LIMITS = {"apiVersion": "v1", "kind": "ConfigMap"}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``before``: the object as it was, for an update, or for a deletion where ``deletes``.

    ``not_evaluated``: what we say where nobody can know offline.
    """

    name: str
    policy: dict[str, Any]
    binding: dict[str, Any] = field(default_factory=dict)
    actions: Sequence[str] = ("Deny",)
    params: tuple[dict[str, Any], ...] = ()
    body: dict[str, Any] | None = None
    before: dict[str, Any] | None = None
    deletes: bool = False
    not_evaluated: bool = False


def deployment(name: str = "web", *, replicas: int = 3, **metadata: Any) -> dict[str, Any]:  # noqa: ANN401
    """A Deployment."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, **metadata},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def _limits(name: str, maximum: str, **metadata: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**_LIMITS, "metadata": {"name": name, **metadata}, "data": {"max": maximum}}


def _rules(**fields: Any) -> dict[str, Any]:  # noqa: ANN401
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"], **fields}
    return {"resourceRules": [rule]}


def _validations(*expressions: str) -> list[dict[str, str]]:
    return [{"expression": text, "message": f"not {text}"} for text in expressions]


_SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "web"},
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 5},
}
_OLD_SCALERS = {"apiGroups": ["autoscaling"], "apiVersions": ["v1"], "resources": ["horizontalpodautoscalers"]}
_UP_TO = _validations("object.spec.replicas <= int(params.data.max)")
_GROWS = [
    {"expression": "oldObject == null || object.spec.replicas >= oldObject.spec.replicas", "message": "it shrinks"}
]

SCENARIOS = (
    Scenario(name="message", policy={"validations": _validations("object.spec.replicas > 3")}),
    Scenario(name="met", policy={"validations": _validations("object.spec.replicas == 3")}),
    Scenario(name="no-message", policy={"validations": [{"expression": "object.spec.replicas > 3"}]}),
    Scenario(
        name="message-expression",
        policy={
            "validations": [
                {"expression": "false", "message": "no", "messageExpression": "'found ' + string(object.spec.replicas)"}
            ]
        },
    ),
    Scenario(
        name="message-expression-fails",
        policy={
            "validations": [
                {"expression": "false", "message": "told", "messageExpression": "string(object.spec.nothing)"}
            ]
        },
    ),
    Scenario(
        name="message-expression-of-two-lines",
        policy={"validations": [{"expression": "false", "message": "told", "messageExpression": "'a\\nb'"}]},
    ),
    Scenario(name="warning", policy={"validations": [NEVER]}, actions=("Warn",)),
    Scenario(name="audit", policy={"validations": [NEVER]}, actions=("Audit",)),
    Scenario(name="warning-and-audit", policy={"validations": [NEVER]}, actions=("Warn", "Audit")),
    Scenario(name="error", policy={"validations": [FAILING]}),
    Scenario(name="error-ignored", policy={"failurePolicy": "Ignore", "validations": [FAILING]}),
    Scenario(name="false-is-not-ignored", policy={"failurePolicy": "Ignore", "validations": [NEVER]}),
    Scenario(
        name="condition-unmet",
        policy={"validations": [NEVER], "matchConditions": [{"name": "a", "expression": "object.spec.replicas > 3"}]},
    ),
    Scenario(
        name="condition-met",
        policy={"validations": [NEVER], "matchConditions": [{"name": "a", "expression": "object.spec.replicas == 3"}]},
    ),
    Scenario(
        name="condition-fails",
        policy={"validations": [NEVER], "matchConditions": [{"name": "a", "expression": "object.spec.nothing == 1"}]},
    ),
    Scenario(
        name="condition-fails-ignored",
        policy={
            "failurePolicy": "Ignore",
            "validations": [NEVER],
            "matchConditions": [{"name": "a", "expression": "object.spec.nothing == 1"}],
        },
    ),
    Scenario(
        name="one-condition-fails-another-is-unmet",
        policy={
            "validations": [NEVER],
            "matchConditions": [
                {"name": "a", "expression": "object.spec.nothing == 1"},
                {"name": "b", "expression": "object.spec.replicas > 3"},
            ],
        },
    ),
    Scenario(
        name="selected-object",
        policy={
            "validations": [NEVER],
            "matchConstraints": {**_rules(), "objectSelector": {"matchLabels": {"team": "shop"}}},
        },
        body=deployment(labels={"team": "shop"}),
    ),
    Scenario(
        name="other-object",
        policy={
            "validations": [NEVER],
            "matchConstraints": {
                **_rules(),
                "objectSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
            },
        },
    ),
    Scenario(
        name="excluded-resource",
        policy={
            "validations": [NEVER],
            "matchConstraints": {
                **_rules(resources=["*"]),
                "excludeResourceRules": _rules(resourceNames=["web"])["resourceRules"],
            },
        },
    ),
    Scenario(
        name="other-resource-excluded",
        policy={
            "validations": [NEVER],
            "matchConstraints": {
                **_rules(resources=["*"]),
                "excludeResourceRules": _rules(resourceNames=["api"])["resourceRules"],
            },
        },
    ),
    Scenario(name="named", policy={"validations": [NEVER], "matchConstraints": _rules(resourceNames=["api", "web"])}),
    Scenario(
        name="named-otherwise", policy={"validations": [NEVER], "matchConstraints": _rules(resourceNames=["api"])}
    ),
    Scenario(
        name="everything",
        policy={
            "validations": [NEVER],
            "matchConstraints": _rules(apiGroups=["*"], apiVersions=["*"], resources=["*/*"]),
        },
    ),
    Scenario(
        name="subresource", policy={"validations": [NEVER], "matchConstraints": _rules(resources=["deployments/scale"])}
    ),
    Scenario(
        name="with-subresources",
        policy={"validations": [NEVER], "matchConstraints": _rules(resources=["deployments/*"])},
    ),
    Scenario(name="cluster-wide", policy={"validations": [NEVER], "matchConstraints": _rules(scope="Cluster")}),
    Scenario(name="namespaced", policy={"validations": [NEVER], "matchConstraints": _rules(scope="Namespaced")}),
    Scenario(name="updates", policy={"validations": [NEVER], "matchConstraints": _rules(operations=["UPDATE"])}),
    Scenario(
        name="older-version",
        policy={"validations": [NEVER], "matchConstraints": _rules(**_OLD_SCALERS)},
        body=_SCALER,
        not_evaluated=True,
    ),
    Scenario(
        name="exactly-older-version",
        policy={"validations": [NEVER], "matchConstraints": {**_rules(**_OLD_SCALERS), "matchPolicy": "Exact"}},
        body=_SCALER,
    ),
    Scenario(
        name="binding-of-other-resources",
        policy={"validations": [NEVER]},
        binding={"matchResources": {"resourceRules": _rules(resourceNames=["api"])["resourceRules"]}},
    ),
    Scenario(
        name="shrinks",
        policy={"validations": _GROWS},
        before=deployment(replicas=4),
    ),
    Scenario(name="grows", policy={"validations": _GROWS}, before=deployment(replicas=2)),
    Scenario(
        name="update-is-one",
        policy={"validations": _validations("request.operation == 'CREATE'")},
        before=deployment(replicas=2),
    ),
    Scenario(
        name="selected-before",
        policy={
            "validations": [NEVER],
            "matchConstraints": {**_rules(), "objectSelector": {"matchLabels": {"team": "shop"}}},
        },
        before=deployment(labels={"team": "shop"}),
    ),
    Scenario(
        name="variables",
        policy={
            "variables": [
                {"name": "names", "expression": "object.spec.template.spec.containers.map(c, c.name)"},
                {"name": "first", "expression": "variables.names[0]"},
            ],
            "validations": [{"expression": "variables.first != 'web'", "messageExpression": "'is ' + variables.first"}],
        },
    ),
    Scenario(
        name="broken-variable-unused",
        policy={
            "variables": [{"name": "broken", "expression": "object.spec.nothing.deeper"}],
            "validations": _validations("object.spec.replicas == 3 || variables.broken", "object.spec.replicas > 3"),
        },
    ),
    Scenario(
        name="param",
        policy={"paramKind": _LIMITS, "validations": _UP_TO},
        binding={"paramRef": {"name": "limits", "parameterNotFoundAction": "Deny"}},
        params=(_limits("limits", "2"),),
    ),
    Scenario(
        name="param-allows",
        policy={"paramKind": _LIMITS, "validations": _UP_TO},
        binding={"paramRef": {"name": "limits", "parameterNotFoundAction": "Deny"}},
        params=(_limits("limits", "5"),),
    ),
    Scenario(
        name="param-missing",
        policy={"paramKind": _LIMITS, "validations": _UP_TO},
        binding={"paramRef": {"name": "absent", "parameterNotFoundAction": "Deny"}},
    ),
    Scenario(
        name="param-missing-allowed",
        policy={"paramKind": _LIMITS, "validations": _UP_TO},
        binding={"paramRef": {"name": "absent", "parameterNotFoundAction": "Allow"}},
        not_evaluated=True,
    ),
    Scenario(
        name="param-missing-failures-ignored",
        policy={"failurePolicy": "Ignore", "paramKind": _LIMITS, "validations": _UP_TO},
        binding={"paramRef": {"name": "absent", "parameterNotFoundAction": "Deny"}},
    ),
    Scenario(
        name="params-selected",
        policy={"paramKind": _LIMITS, "validations": _UP_TO},
        binding={"paramRef": {"selector": {"matchLabels": {"is": "limit"}}, "parameterNotFoundAction": "Deny"}},
        params=(
            _limits("wide", "9", labels={"is": "limit"}),
            _limits("narrow", "1", labels={"is": "limit"}),
            _limits("unrelated", "0"),
        ),
    ),
    Scenario(
        name="params-unused",
        policy={"paramKind": _LIMITS, "validations": _validations("params != null")},
    ),
    Scenario(
        name="namespace-object",
        policy={"validations": _validations("namespaceObject.metadata.labels.stage == 'production'")},
    ),
    Scenario(
        name="namespace-selected",
        policy={
            "validations": [NEVER],
            "matchConstraints": {
                **_rules(),
                "namespaceSelector": {
                    "matchExpressions": [{"key": "stage", "operator": "In", "values": ["test", "production"]}]
                },
            },
        },
    ),
    Scenario(
        name="namespace-not-selected",
        policy={
            "validations": [NEVER],
            "matchConstraints": {
                **_rules(),
                "namespaceSelector": {"matchExpressions": [{"key": "stage", "operator": "DoesNotExist"}]},
            },
        },
    ),
    Scenario(
        name="annotation-fails",
        policy={
            "validations": _validations("true"),
            "auditAnnotations": [{"key": "why", "valueExpression": "string(object.spec.nothing)"}],
        },
    ),
    *(
        Scenario(
            name=f"deleted-{name}",
            policy={"validations": validations, "matchConstraints": {**_rules(operations=operations), **constraints}},
            before=deployment(labels={"keep": "yes"}, annotations={"shop.example/why": "it is needed"}),
            deletes=True,
        )
        for name, operations, validations, constraints in (
            ("refused", ["DELETE"], _validations("oldObject.metadata.?labels[?'keep'] != optional.of('yes')"), {}),
            ("allowed", ["DELETE"], _validations("object == null && request.operation == 'DELETE'"), {}),
            ("not-asked", ["CREATE", "UPDATE"], [NEVER, *_validations("false")], {}),
            ("defaults", ["*"], _validations("oldObject.spec.revisionHistoryLimit != 10"), {}),
            ("fails", ["*"], _validations("oldObject.spec.nothing == 1"), {}),
            ("selected", ["*"], _validations("false"), {"objectSelector": {"matchLabels": {"keep": "yes"}}}),
            ("not-selected", ["*"], _validations("false"), {"objectSelector": {"matchLabels": {"keep": "no"}}}),
            ("name", ["*"], _validations("request.name != 'web' || request.namespace == ''"), {}),
        )
    ),
)
