"""What Kyverno's policies say of themselves, and what its report says of objects.

Source: Kyverno documentation, "Policy Types" and "kyverno apply"; the report is ``openreports.io/v1alpha1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.manifests import Body, Resource
from pipeline.model.validation.finding import Severity

GROUPS = frozenset({"kyverno.io", "policies.kyverno.io"})
_EXCEPTION = "PolicyException"
_OLD_KINDS = frozenset({"ClusterPolicy", "Policy"})
_IMAGE_KINDS = frozenset({"ImageValidatingPolicy", "NamespacedImageValidatingPolicy"})
_OUTSIDE = {
    "apiCall": "it asks an API server or a service",
    "globalReference": "it asks for a global context entry of a cluster",
    "imageRegistry": "it asks an image registry",
}
_AUTOGEN = re.compile(r"^autogen-(?:cronjob-)?")
_PLACE = re.compile(r"\s*rule \S+ failed at path /(\S*?)/?$")
_ACTIONS = {"Enforce": Severity.ERROR, "Deny": Severity.ERROR, "Audit": Severity.WARNING, "Warn": Severity.WARNING}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A policy, or one of its rules, that needs more than files."""

    rule: str
    reason: str
    policy: Resource


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report; ``object_key`` is API version, kind, namespace and name as Kyverno has them."""

    policy: str
    rule: str
    outcome: str
    message: str
    path: str
    object_key: tuple[str, str, str, str]

    @property
    def is_foreign(self) -> bool:
        """Whether the policy is another namespace's, of which Kyverno's command does not always think."""
        namespace, slash, _ = self.policy.partition("/")
        return bool(slash) and namespace != self.object_key[2]

    @property
    def rule_id(self) -> str:
        """The policy and its rule, the one that somebody has written."""
        return f"{self.policy}/{self.rule}" if self.rule else self.policy


def policies_of(resources: Iterable[Resource]) -> tuple[list[Resource], list[Resource]]:
    """Policies, and exceptions from them."""
    found = [each for each in resources if each.id.group in GROUPS]
    return [each for each in found if each.id.kind != _EXCEPTION], [
        each for each in found if each.id.kind == _EXCEPTION
    ]


def offline(policy: Resource) -> tuple[Body | None, list[LeftOut]]:
    """The policy without what needs a cluster or a network; ``None`` where nothing is left."""
    if policy.id.kind in _IMAGE_KINDS:
        return None, [LeftOut(policy.id.name, "it verifies images, for which it asks their registry", policy)]
    if policy.id.group != "kyverno.io" or policy.id.kind not in _OLD_KINDS:
        return policy.body, []
    kept, left_out = [], []
    for rule in _rules(policy.body):
        reason = _need(rule)
        if reason:
            left_out.append(LeftOut(f"{policy.id.name}/{rule.get('name', '')}", reason, policy))
        else:
            kept.append(rule)
    if not kept:
        return None, left_out
    return {**policy.body, "spec": {**policy.body["spec"], "rules": kept}}, left_out


def _need(rule: Mapping[str, Any]) -> str:
    if rule.get("verifyImages"):
        return "it verifies images, for which it asks their registry"
    return next((reason for key, reason in _OUTSIDE.items() if _has_key(rule, key)), "")


def _has_key(value: object, key: str) -> bool:
    """Whether a context entry of that kind is anywhere in the rule; ``foreach`` has contexts of its own."""
    if isinstance(value, Mapping):
        context = value.get("context")
        entries = context if isinstance(context, list) else []
        if any(isinstance(entry, Mapping) and key in entry for entry in entries):
            return True
        return any(_has_key(each, key) for each in value.values())
    return isinstance(value, list) and any(_has_key(each, key) for each in value)


def problem_of(policy: Resource) -> str:
    """What is wrong with the policy that Kyverno's command passes over in silence; empty: nothing."""
    if policy.id.kind not in _OLD_KINDS:
        return ""
    rules = list(_rules(policy.body))
    if not rules:
        return "spec.rules is missing; expected at least one rule"
    for index, rule in enumerate(rules):
        for key in ("name", "match"):
            if not rule.get(key):
                return f"spec.rules[{index}].{key} is missing"
    return ""


def _rules(body: Body) -> Iterator[Mapping[str, Any]]:
    spec = body.get("spec")
    rules = spec.get("rules") if isinstance(spec, Mapping) else None
    yield from (rule for rule in rules if isinstance(rule, Mapping)) if isinstance(rules, list) else ()


class Actions:
    """What a failure of a policy means, as the policy itself says."""

    def __init__(self, policies: Iterable[Resource]) -> None:
        self._policies = {_report_name(policy): policy.body for policy in policies}

    def severity(self, result: Result) -> Severity:
        """``Enforce`` and ``Deny`` are errors, ``Audit`` and ``Warn`` are warnings."""
        body = self._policies.get(result.policy, {})
        spec = body.get("spec")
        spec = spec if isinstance(spec, Mapping) else {}
        if body.get("kind") not in _OLD_KINDS:
            actions = spec.get("validationActions") or ["Deny"]
            severities = [_ACTIONS.get(str(action), Severity.ERROR) for action in actions]
            return Severity.ERROR if Severity.ERROR in severities else Severity.WARNING
        for rule in _rules(body):
            validate = rule.get("validate")
            if rule.get("name") == result.rule and isinstance(validate, Mapping) and validate.get("failureAction"):
                return _action(validate["failureAction"], validate.get("failureActionOverrides"), result)
        return _action(
            spec.get("validationFailureAction", "Audit"), spec.get("validationFailureActionOverrides"), result
        )


def _report_name(policy: Resource) -> str:
    """What the report calls the policy."""
    return f"{policy.id.namespace}/{policy.id.name}" if policy.id.namespace else policy.id.name


def _action(action: object, overrides: object, result: Result) -> Severity:
    for override in overrides if isinstance(overrides, list) else ():
        namespaces = override.get("namespaces") if isinstance(override, Mapping) else None
        if isinstance(namespaces, list) and _is_among(result.object_key[2], namespaces):
            action = override.get("action")
    return _ACTIONS.get(str(action).capitalize(), Severity.ERROR)


def _is_among(namespace: str, patterns: list[Any]) -> bool:
    return any(
        re.fullmatch(re.escape(str(pattern)).replace(r"\*", ".*").replace(r"\?", "."), namespace)
        for pattern in patterns
    )


def read_results(report: Mapping[str, Any]) -> Iterator[Result]:
    """The results in a report, one for each object that a result is about."""
    results = report.get("results")
    for result in results if isinstance(results, list) else ():
        message = str(result.get("message", ""))
        place = _PLACE.search(message)
        for about in result.get("resources") or result.get("subjects") or ():
            yield Result(
                policy=str(result.get("policy", "")),
                rule=_AUTOGEN.sub("", str(result.get("rule", ""))),
                outcome=str(result.get("result", "")),
                message=_PLACE.sub("", message).removeprefix("validation error: ").strip(),
                path=field_path(place[1]) if place else "",
                object_key=(
                    str(about.get("apiVersion", "")),
                    str(about.get("kind", "")),
                    str(about.get("namespace", "")),
                    str(about.get("name", "")),
                ),
            )


def field_path(pointer: str) -> str:
    """``spec/containers/0/image`` as ``spec.containers[0].image``."""
    text = ""
    for part in pointer.split("/"):
        text += f"[{part}]" if part.isdigit() else f".{part}" if text else part
    return text


_SKIPPED = re.compile(r"^\s*\d+\. ([^:\s]+): (.+)$", re.MULTILINE)


def skipped_policies(said: str) -> dict[str, str]:
    """Policies that Kyverno says it has passed over, and why; from what it says before the report."""
    _, mark, rest = said.partition("Policies Skipped:")
    return dict(_SKIPPED.findall(rest)) if mark else {}
