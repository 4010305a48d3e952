"""Services that are asked for and not there: backends of routes, and whoever the API server itself asks.

Warnings for the same reason as in :mod:`pipeline.model.validation.lint.references`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import items_at, mapping_at, number_at, text_at
from pipeline.model.manifests import Resource
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.existing import Existing
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject

_GATEWAY: Final = "gateway.networking.k8s.io"
_ROUTES: Final = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
_HOOKS: Final = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_NO_SERVICE: Final = "use-annotation"
"""The port's name by which AWS's controller is told that an annotation has the backend."""
_HTTPS: Final = 443
"""Where the API server asks if nothing else is said."""


@lint_rule(
    "missing-service",
    Severity.WARNING,
    title="A Service that is not there, or not with that port",
    reason="Requests for it end in an error, and with a webhook everything that has to ask it.",
    fix="correct the name or the port; where somebody else puts it there, say so in a suppression",
)
def missing_service(subject: Subject) -> Iterator[Problem]:
    """Backends of Ingresses and routes, a StatefulSet's Service, and what the API server itself asks."""
    existing = Existing(subject)
    for ingress in subject.of_kind("networking.k8s.io", "Ingress"):
        for path, backend in _ingress_backends(ingress):
            name = text_at(backend, "port", "name")
            if name != _NO_SERVICE:
                field, port = ("port.name", name) if name else ("port.number", number_at(backend, "port", "number"))
                yield from _backend(existing, ingress, path, backend, field, port)
    for route in subject.of_kind(_GATEWAY, *_ROUTES):
        for path, backend in _route_backends(route):
            yield from _backend(existing, route, path, backend, "port", number_at(backend, "port"))
    for workload in subject.of_kind("apps", "StatefulSet"):
        governing = {"name": text_at(workload.body, "spec", "serviceName")}
        yield from _backend(existing, workload, "spec", governing, "", None, field="serviceName")
    for resource, path, service in _asked_by_the_server(subject):
        if text_at(service, "namespace"):
            port = number_at(service, "port") if "port" in service else _HTTPS
            yield from _backend(existing, resource, path, service, "port", port)


def _asked_by_the_server(subject: Subject) -> Iterator[tuple[Resource, str, Mapping[str, Any]]]:
    """Webhooks, those of definitions included, and servers of whole API versions."""
    for hook in subject.of_kind("admissionregistration.k8s.io", *_HOOKS):
        for index, item in items_at(hook.body, "webhooks"):
            yield hook, f"webhooks[{index}].clientConfig.service", mapping_at(item, "clientConfig", "service")
    for definition in subject.of_kind("apiextensions.k8s.io", "CustomResourceDefinition"):
        place = ("spec", "conversion", "webhook", "clientConfig", "service")
        yield definition, ".".join(place), mapping_at(definition.body, *place)
    for version in subject.of_kind("apiregistration.k8s.io", "APIService"):
        yield version, "spec.service", mapping_at(version.body, "spec", "service")


def _ingress_backends(ingress: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "spec.defaultBackend.service", mapping_at(ingress.body, "spec", "defaultBackend", "service")
    for index, rule in items_at(ingress.body, "spec", "rules"):
        for number, item in items_at(rule, "http", "paths"):
            place = f"spec.rules[{index}].http.paths[{number}].backend.service"
            yield place, mapping_at(item, "backend", "service")


def _route_backends(route: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, rule in items_at(route.body, "spec", "rules"):
        place = f"spec.rules[{index}]"
        backends = [(f"{place}.backendRefs[{number}]", item) for number, item in items_at(rule, "backendRefs")]
        for number, item in items_at(rule, "filters"):
            mirror = mapping_at(item, "requestMirror", "backendRef")
            backends.append((f"{place}.filters[{number}].requestMirror.backendRef", mirror))
        for path, backend in backends:
            if (text_at(backend, "kind") or "Service") == "Service" and not text_at(backend, "group"):
                yield path, backend


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
    if service is None or port is None or text_at(service.body, "spec", "type") == "ExternalName":
        return
    ports = [item for _, item in items_at(service.body, "spec", "ports")]
    if not any(port in {number_at(item, "port"), text_at(item, "name")} for item in ports):
        yield Problem(resource, f"{path}.{port_field}", f"Service {shown(name)} has no port {shown(port)}")
