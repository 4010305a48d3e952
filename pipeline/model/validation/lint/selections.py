"""Objects that are there for others which are not: selectors without Pods, autoscalers without targets.

Mostly warnings, for the same reason as in :mod:`pipeline.model.validation.lint.references`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.existing import Existing, may_be_elsewhere, pods_selected, pods_with, selects
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject
from pipeline.model.validation.unfinished import is_unfinished

_FIX = "correct the name or the labels; where somebody else puts it there, say so in a suppression"
_SCALERS: Final = {
    ("autoscaling", "HorizontalPodAutoscaler"): "scaleTargetRef",
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): "targetRef",
    ("keda.sh", "ScaledObject"): "scaleTargetRef",
}
"""Where they say what they scale."""


@lint_rule(
    "service-without-pods",
    Severity.WARNING,
    title="A Service that selects no Pods",
    reason="It has no endpoints: whoever calls it is refused.",
    fix=_FIX,
)
def service_without_pods(subject: Subject) -> Iterator[Problem]:
    """No template of Pods in its namespace has the labels of ``spec.selector``."""
    for service in subject.of_kind("", "Service"):
        selector, namespace = mapping_at(service.body, "spec", "selector"), service.id.namespace
        if (
            not selector
            or text_at(service.body, "spec", "type") == "ExternalName"
            or may_be_elsewhere(subject, namespace, selector)
        ):
            continue
        if not pods_with(subject, namespace, selector):
            labels = ", ".join(f"{key}={value}" for key, value in selector.items())
            yield Problem(service, "spec.selector", f"no Pod in the manifests has the labels {shown(labels)}")


@lint_rule(
    "service-target-port",
    Severity.WARNING,
    title="A Service for a named port that no Pod has",
    reason="For that port the Service has no endpoints: whoever calls it is refused.",
    fix="correct targetPort, or give the container's port that name",
)
def service_target_port(subject: Subject) -> Iterator[Problem]:
    """``targetPort`` is a name that none of the selected Pods has; numbers need not be declared by containers."""
    for service in subject.of_kind("", "Service"):
        selector = mapping_at(service.body, "spec", "selector")
        pods = pods_with(subject, service.id.namespace, selector) if selector else ()
        containers = [container for pod in pods for container in pod.containers]
        names = {text_at(port, "name") for container in containers for _, port in items_at(container.body, "ports")}
        for index, port in items_at(service.body, "spec", "ports"):
            name = text_at(port, "targetPort")
            if name and containers and name not in names and not name.isdigit():
                path = f"spec.ports[{index}].targetPort"
                yield Problem(service, path, f"no selected Pod has a port named {shown(name)}")


@lint_rule(
    "missing-scale-target",
    Severity.WARNING,
    title="An autoscaler for something that is not there",
    reason="It scales nothing, and says so only in its status.",
    fix=_FIX,
)
def missing_scale_target(subject: Subject) -> Iterator[Problem]:
    """Of HorizontalPodAutoscalers, of VerticalPodAutoscalers, and of KEDA."""
    existing = Existing(subject)
    for (group, scaler_kind), field in _SCALERS.items():
        for scaler in subject.of_kind(group, scaler_kind):
            target = mapping_at(scaler.body, "spec", field)
            # KEDA's defaults; the others have to say both.
            kind, version = text_at(target, "kind") or "Deployment", text_at(target, "apiVersion") or "apps/v1"
            name = text_at(target, "name")
            if existing.is_missing(kind, scaler.id.namespace, name, version.rpartition("/")[0]):
                says = f"{shown(kind)} {shown(name)} is not in the manifests"
                yield Problem(scaler, f"spec.{field}.name", says)


@lint_rule(
    "disruption-budget-without-pods",
    Severity.WARNING,
    title="A PodDisruptionBudget that selects no Pods",
    reason="It protects nothing: a drained node takes all replicas at once.",
    fix=_FIX,
)
def disruption_budget_without_pods(subject: Subject) -> Iterator[Problem]:
    """No template of Pods in its namespace is selected."""
    for budget in subject.of_kind("policy", "PodDisruptionBudget"):
        selector, namespace = mapping_at(budget.body, "spec", "selector"), budget.id.namespace
        if may_be_elsewhere(subject, namespace, mapping_at(selector, "matchLabels")):
            continue
        if not pods_selected(subject, namespace, selector):
            yield Problem(budget, "spec.selector", "no Pod in the manifests is selected")


@lint_rule(
    "network-policy-without-pods",
    Severity.WARNING,
    title="A NetworkPolicy that selects no Pods",
    reason="It holds nothing back: the Pods that it was meant for are open to whoever reaches them.",
    fix=_FIX,
)
def network_policy_without_pods(subject: Subject) -> Iterator[Problem]:
    """None of the templates of Pods in its namespace has what ``spec.podSelector`` asks for.

    An empty one is for all to come, and where there is no template at all, somebody else's Pods are meant.
    """
    for policy in subject.of_kind("networking.k8s.io", "NetworkPolicy"):
        selector, namespace = mapping_at(policy.body, "spec", "podSelector"), policy.id.namespace
        if not selector or may_be_elsewhere(subject, namespace, mapping_at(selector, "matchLabels")):
            continue
        if pods_with(subject, namespace, {}) and not pods_selected(subject, namespace, selector):
            yield Problem(policy, "spec.podSelector", "no Pod in the manifests is selected")


@lint_rule(
    "selector-mismatch",
    Severity.ERROR,
    title="A workload that does not select its own Pods",
    reason="The API server refuses it: it would not know the Pods that it makes.",
    fix="give the template's labels and the selector the same values",
)
def selector_mismatch(subject: Subject) -> Iterator[Problem]:
    """``spec.selector`` against the labels of the template."""
    for pod in subject.pods:
        workload = pod.resource
        if workload.id.group == "apps":
            selector = mapping_at(workload.body, "spec", "selector")
            if selector and not selects(selector, pod) and not is_unfinished((selector, pod.labels)):
                yield Problem(workload, "spec.selector", "the template's labels are not what spec.selector asks for")
