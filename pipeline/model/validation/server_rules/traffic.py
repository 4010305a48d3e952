"""Services and Ingresses: ports, names, paths and backends.

Source: k8s.io/kubernetes ``pkg/apis/core/validation`` (``ValidateService``) and ``pkg/apis/networking/validation``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, Final

from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.manifests import Body
from pipeline.model.validation.field_paths import Steps
from pipeline.model.validation.name_formats import DNS_LABEL, DNS_SUBDOMAIN, PORT_NAME
from pipeline.model.validation.server_rules.metadata import label_refusals
from pipeline.model.validation.server_rules.pods import port_number_refusals, target_refusals
from pipeline.model.validation.server_rules.refusal import Refusal, missing
from pipeline.model.validation.server_rules.selectors import selector_refusals


def _service(body: Body) -> Iterator[Refusal]:
    spec = mapping_at(body, "spec")
    kind = text_at(spec, "type")
    ports = list(items_at(spec, "ports"))
    yield from label_refusals(mapping_at(spec, "selector"), ("spec", "selector"))
    if kind == "ExternalName":
        name = text_at(spec, "externalName").removesuffix(".")
        if not name:
            yield missing("spec", "externalName", hint="a Service of the type ExternalName has it")
        elif not DNS_SUBDOMAIN.accepts(name.lower()):
            yield Refusal(("spec", "externalName"), value=name, expected="a DNS name")
    elif not ports and text_at(spec, "clusterIP") != "None":
        yield missing("spec", "ports", hint="only a headless Service may have none")
    names: set[str] = set()
    for index, port in ports:
        here = ("spec", "ports", index)
        name = text_at(port, "name")
        if not name and len(ports) > 1:
            yield missing(*here, "name", hint="where there are several ports, each has a name")
        elif name and not DNS_LABEL.accepts(name):
            yield Refusal((*here, "name"), value=name, expected=DNS_LABEL.words)
        elif name and name in names:
            yield Refusal((*here, "name"), value=name, expected="another name than that of the ports before")
        names.add(name)
        yield from port_number_refusals(port.get("port"), (*here, "port"))
        if port.get("targetPort") not in (0, ""):
            yield from target_refusals(port.get("targetPort"), (*here, "targetPort"))


def _ingress(body: Body) -> Iterator[Refusal]:
    spec = mapping_at(body, "spec")
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield Refusal(("spec",), "needs one of: rules, defaultBackend", is_missing=True)
    if isinstance(spec.get("defaultBackend"), Mapping):
        yield from _backend(spec["defaultBackend"], ("spec", "defaultBackend"))
    for index, rule in items_at(spec, "rules"):
        yield from _host(rule, ("spec", "rules", index))
        for number, path in items_at(rule, "http", "paths"):
            here = ("spec", "rules", index, "http", "paths", number)
            if path.get("pathType") in ("Exact", "Prefix") and not text_at(path, "path").startswith("/"):
                yield Refusal((*here, "path"), value=text_at(path, "path"), expected="a path that begins with /")
            if isinstance(path.get("backend"), Mapping):
                yield from _backend(path["backend"], (*here, "backend"))


def _host(rule: Mapping[str, Any], place: Steps) -> Iterator[Refusal]:
    host = text_at(rule, "host")
    if not host:
        return
    if _is_address(host):
        yield Refusal((*place, "host"), value=host, expected="a DNS name, not an address")
    elif not DNS_SUBDOMAIN.accepts(host.removeprefix("*.")):
        yield Refusal((*place, "host"), value=host, expected="a DNS name in lower case, perhaps with *. in front")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _backend(backend: Mapping[str, Any], place: Steps) -> Iterator[Refusal]:
    service = backend.get("service")
    if (service is None) == (backend.get("resource") is None):
        what = "has both" if service is not None else "has neither"
        yield Refusal(place, f"{what}; expected one of: service, resource")
    if not isinstance(service, Mapping):
        return
    if not text_at(service, "name"):
        yield missing(*place, "service", "name")
    port = mapping_at(service, "port")
    if bool(port.get("name")) == bool(port.get("number")):
        what = "has a name and a number" if port.get("name") else "is missing"
        yield Refusal((*place, "service", "port"), f"{what}; expected a name or a number")
    yield from port_number_refusals(port.get("number"), (*place, "service", "port", "number"))
    name = text_at(port, "name")
    if name and not PORT_NAME.accepts(name):
        yield Refusal((*place, "service", "port", "name"), value=name, expected=PORT_NAME.words)


def _network_policy(body: Body) -> Iterator[Refusal]:
    yield from selector_refusals(mapping_at(body, "spec", "podSelector"), ("spec", "podSelector"))


RULES: Final[Mapping[tuple[str, str], Callable[[Body], Iterator[Refusal]]]] = {
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
}
"""By group and kind."""
