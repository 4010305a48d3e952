"""Ports that are given away twice.

Source: Kubernetes' API reference (``ContainerPort``, ``ServicePort``) and validation: names are unique in a container
and in a Service, server-side apply tells a container's ports apart by number and protocol, and with ``hostNetwork`` a
container's port is the node's.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from pipeline.model.documents.untyped import items_at, number_at, text_at
from pipeline.model.manifests import Resource
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.pods import Container, PodTemplate
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject

_Port = tuple[str, Mapping[str, Any]]
"""Where a port stands, and what it says."""


@lint_rule(
    "container-port-duplicate",
    Severity.ERROR,
    title="A port that two containers of a Pod listen on",
    reason="Containers of a Pod share one network: the second cannot listen. Twice in one container, server-side apply"
    " refuses it.",
    fix="remove one of the two, or give the containers different ports",
)
def container_port_duplicate(subject: Subject) -> Iterator[Problem]:
    """The same number and protocol."""
    for pod in subject.pods:
        keyed = ((place, _numbered(port, "containerPort"), port) for place, port in _container_ports(pod))
        for place, port in _repeated((place, key, port) for place, key, port in keyed):
            yield Problem(pod.resource, place, f"port {_said(port, 'containerPort')} is there twice in the Pod")


@lint_rule(
    "container-port-name-duplicate",
    Severity.ERROR,
    title="Two ports of a container with the same name",
    reason="The API server refuses the Pod: Services and probes find a port by its name.",
    fix="give each port of the container a name of its own",
)
def container_port_name_duplicate(subject: Subject) -> Iterator[Problem]:
    """The same name on different ports of one container."""
    for pod in subject.pods:
        for container in pod.containers:
            for place, port in _renamed(_ports_of(container), "containerPort"):
                name = shown(text_at(port, "name"))
                says = f"two ports of container '{shown(container.name)}' are named '{name}'"
                yield Problem(pod.resource, f"{place}.name", says)


@lint_rule(
    "container-port-name-shared",
    Severity.WARNING,
    title="Two containers of a Pod with a port of the same name",
    reason="Services find a port by its name, and take the first one that has it: nothing leads to the other.",
    fix="give each port of the Pod a name of its own",
)
def container_port_name_shared(subject: Subject) -> Iterator[Problem]:
    """The same name on different ports of containers that run at the same time."""
    for pod in subject.pods:
        first: dict[str, tuple[Container, Hashable | None]] = {}
        for container in pod.containers:
            for place, port in _ports_of(container) if container.stays else ():
                name, key = text_at(port, "name"), _numbered(port, "containerPort")
                if not name:
                    continue
                other, number = first.setdefault(name, (container, key))
                if other is not container and number != key:
                    says = f"container '{shown(other.name)}' has a port named '{shown(name)}' too"
                    yield Problem(pod.resource, f"{place}.name", says)


@lint_rule(
    "host-port-duplicate",
    Severity.ERROR,
    title="A port of the node that is taken twice",
    reason="A node's port is given to one Pod: the second one waits for a node for ever.",
    fix="remove hostPort, which a Service makes needless, or choose another one",
)
def host_port_duplicate(subject: Subject) -> Iterator[Problem]:
    """Twice in a Pod, or in two DaemonSets for the same nodes."""
    taken: dict[Hashable, Resource] = {}
    for pod in subject.pods:
        listed = [(place, _on_host(port), port) for place, port in _container_ports(pod)]
        for place, port in _repeated(listed):
            yield Problem(pod.resource, f"{place}.hostPort", f"hostPort {_said(port, 'hostPort')} is there twice")
        if pod.resource.id.kind != "DaemonSet":
            continue
        nodes = repr((pod.spec.get("nodeSelector"), pod.spec.get("affinity")))
        for place, port in _container_ports(pod):
            # In the node's network, each port is one of the node.
            field = "containerPort" if pod.spec.get("hostNetwork") is True else "hostPort"
            key = _on_host(port, field)
            first = pod.resource if key is None else taken.setdefault((nodes, key), pod.resource)
            if first is not pod.resource:
                says = f"{field} {_said(port, field)} of the node is taken by {first.id} already"
                yield Problem(pod.resource, f"{place}.{field}", says)


@lint_rule(
    "service-port-duplicate",
    Severity.ERROR,
    title="A Service with the same port twice",
    reason="The API server refuses two ports with the same number and protocol, or with the same name.",
    fix="remove one of the two, or give it another number or name",
)
def service_port_duplicate(subject: Subject) -> Iterator[Problem]:
    """The same number and protocol, or the same name."""
    for service in subject.of_kind("", "Service"):
        ports = [(f"spec.ports[{index}]", port) for index, port in items_at(service.body, "spec", "ports")]
        for place, port in _repeated((place, _numbered(port, "port"), port) for place, port in ports):
            yield Problem(service, place, f"port {_said(port, 'port')} is there twice")
        for place, port in _renamed(ports, "port"):
            yield Problem(service, f"{place}.name", f"two ports are named '{shown(text_at(port, 'name'))}'")


@lint_rule(
    "node-port-duplicate",
    Severity.ERROR,
    title="A nodePort that two Services ask for",
    reason="A nodePort is given to one Service in the whole cluster: the API server refuses the second.",
    fix="leave nodePort out, so that one is chosen, or choose another one",
)
def node_port_duplicate(subject: Subject) -> Iterator[Problem]:
    """The same number and protocol in all Services."""
    taken: dict[Hashable, Resource] = {}
    for service in subject.of_kind("", "Service"):
        for index, port in items_at(service.body, "spec", "ports"):
            key = _numbered(port, "nodePort")
            if key in taken:
                says = f"nodePort {_said(port, 'nodePort')} is taken by {taken[key].id} already"
                yield Problem(service, f"spec.ports[{index}].nodePort", says)
            elif key is not None:
                taken[key] = service


def _container_ports(pod: PodTemplate) -> Iterator[_Port]:
    """Of the containers that run at the same time."""
    for container in pod.containers:
        if container.stays:
            yield from _ports_of(container)


def _ports_of(container: Container) -> Iterator[_Port]:
    return ((f"{container.path}.ports[{index}]", port) for index, port in items_at(container.body, "ports"))


def _numbered(port: Mapping[str, Any], field: str) -> Hashable | None:
    number = number_at(port, field)
    return None if not number else (number, text_at(port, "protocol") or "TCP")


def _on_host(port: Mapping[str, Any], field: str = "hostPort") -> Hashable | None:
    key = _numbered(port, field)
    return None if key is None else (key, text_at(port, "hostIP"))


def _repeated(ports: Iterable[tuple[str, Hashable | None, Mapping[str, Any]]]) -> Iterator[_Port]:
    seen = set()
    for place, key, port in ports:
        if key is not None and key in seen:
            yield place, port
        seen.add(key)


def _renamed(ports: Iterable[_Port], field: str) -> Iterator[_Port]:
    """Ports whose name another one has; the very same port twice is told by its number."""
    first: dict[str, Hashable | None] = {}
    for place, port in ports:
        name, key = text_at(port, "name"), _numbered(port, field)
        if name and first.setdefault(name, key) != key:
            yield place, port


def _said(port: Mapping[str, Any], field: str) -> str:
    return f"{number_at(port, field)}/{shown(text_at(port, 'protocol') or 'TCP')}"
