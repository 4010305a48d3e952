"""Objects that are there for others which are not: selectors without Pods, backends without Services, and the like.

Warnings for the same reason as in :mod:`pipeline.model.validation.lint.references`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import items_at, mapping_at, number_at, text_at
from pipeline.model.manifests import Resource
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.existing import Existing, existing_in, may_be_made, pods_selected, pods_with
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject

_FIX = "correct the name or the labels; where somebody else puts it there, say so in a suppression"
_GATEWAY = "gateway.networking.k8s.io"
_ROUTES: Final = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
_HOOKS: Final = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


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
        if not selector or _type(service) == "ExternalName" or may_be_made(subject, namespace, selector):
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
    "missing-service",
    Severity.WARNING,
    title="A Service that is not there, or not with that port",
    reason="Requests for it end in an error, and with a webhook everything that has to ask it.",
    fix=_FIX,
)
def missing_service(subject: Subject) -> Iterator[Problem]:
    """Backends of Ingresses and routes, a StatefulSet's Service, and those of webhooks."""
    existing = existing_in(subject)
    for ingress in subject.of_kind("networking.k8s.io", "Ingress"):
        for path, backend in _ingress_backends(ingress):
            port = mapping_at(backend, "port")
            wanted = text_at(port, "name") or number_at(port, "number")
            yield from _backend(
                existing, ingress, path, backend, "port.name" if "name" in port else "port.number", wanted
            )
    for route in subject.of_kind(_GATEWAY, *_ROUTES):
        for path, backend in _route_backends(route):
            yield from _backend(existing, route, path, backend, "port", number_at(backend, "port"))
    for workload in subject.of_kind("apps", "StatefulSet"):
        name = {"name": text_at(workload.body, "spec", "serviceName")}
        yield from _backend(existing, workload, "spec", name, "", None, field="serviceName")
    for hook in subject.of_kind("admissionregistration.k8s.io", *_HOOKS):
        for index, item in items_at(hook.body, "webhooks"):
            service = mapping_at(item, "clientConfig", "service")
            if text_at(service, "namespace"):
                path = f"webhooks[{index}].clientConfig.service"
                yield from _backend(existing, hook, path, service, "port", number_at(service, "port"))


@lint_rule(
    "missing-scale-target",
    Severity.WARNING,
    title="An autoscaler for something that is not there",
    reason="It scales nothing, and says so only in its status.",
    fix=_FIX,
)
def missing_scale_target(subject: Subject) -> Iterator[Problem]:
    """``scaleTargetRef`` of HorizontalPodAutoscalers."""
    existing = existing_in(subject)
    for scaler in subject.of_kind("autoscaling", "HorizontalPodAutoscaler"):
        target = mapping_at(scaler.body, "spec", "scaleTargetRef")
        kind, name = text_at(target, "kind"), text_at(target, "name")
        version = text_at(target, "apiVersion")
        group = version.rpartition("/")[0]
        if kind and existing.is_missing(kind, scaler.id.namespace, name, group):
            says = f"{shown(kind)} {shown(name)} is not in the manifests"
            yield Problem(scaler, "spec.scaleTargetRef.name", says)


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
        if may_be_made(subject, namespace, mapping_at(selector, "matchLabels")):
            continue
        if not pods_selected(subject, namespace, selector):
            yield Problem(budget, "spec.selector", "no Pod in the manifests is selected")


def _type(service: Resource) -> str:
    return text_at(service.body, "spec", "type") or "ClusterIP"


def _ingress_backends(ingress: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "spec.defaultBackend.service", mapping_at(ingress.body, "spec", "defaultBackend", "service")
    for index, rule in items_at(ingress.body, "spec", "rules"):
        for number, item in items_at(rule, "http", "paths"):
            place = f"spec.rules[{index}].http.paths[{number}].backend.service"
            yield place, mapping_at(item, "backend", "service")


def _route_backends(route: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, rule in items_at(route.body, "spec", "rules"):
        for number, backend in items_at(rule, "backendRefs"):
            if (text_at(backend, "kind") or "Service") == "Service" and not text_at(backend, "group"):
                yield f"spec.rules[{index}].backendRefs[{number}]", backend


def _backend(
    existing: Existing,
    resource: Resource,
    path: str,
    backend: Mapping[str, Any],
    port_field: str,
    port: str | int | None,
    *,
    field: str = "name",
) -> Iterator[Problem]:
    """A backend whose Service is missing, or has no such port."""
    name, namespace = text_at(backend, "name"), text_at(backend, "namespace") or resource.id.namespace
    if existing.is_missing("Service", namespace, name):
        yield Problem(resource, f"{path}.{field}", f"Service {shown(name)} is not in the manifests")
        return
    service = existing.object("Service", namespace, name)
    if service is None or port is None or _type(service) == "ExternalName":
        return
    ports = [item for _, item in items_at(service.body, "spec", "ports")]
    if not any(port in {number_at(item, "port"), text_at(item, "name")} for item in ports):
        yield Problem(resource, f"{path}.{port_field}", f"Service {shown(name)} has no port {shown(port)}")
