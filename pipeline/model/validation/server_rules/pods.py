"""Pods' specifications: names, ports, volumes, probes, and what containers ask for.

Source: k8s.io/kubernetes ``pkg/apis/core/validation/validation.go``. What may depend on a feature gate or a version of
Kubernetes is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.model.comparison.quantities import amount
from pipeline.model.documents.untyped import items_at, mapping_at, number_at, text_at
from pipeline.model.validation.field_paths import Steps
from pipeline.model.validation.name_formats import (
    DNS_LABEL,
    DNS_SUBDOMAIN,
    PORT_NAME,
    STRICT_VARIABLE_NAME,
    VARIABLE_NAME,
)
from pipeline.model.validation.server_rules.metadata import label_refusals
from pipeline.model.validation.server_rules.refusal import Refusal, missing
from pipeline.model.validation.unfinished import is_unfinished

RELAXED_VARIABLES: Final = 30
"""The minor version since which variables may have any printable name."""
_LARGEST_PORT: Final = 65535
_CONTAINERS: Final = ("initContainers", "containers")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS: Final = ("exec", "grpc", "httpGet", "tcpSocket")
_RESOURCES: Final = ("cpu", "memory", "ephemeral-storage")


def pod_refusals(spec: Mapping[str, Any], place: Steps, *, oldest: int) -> Iterator[Refusal]:
    """What is wrong with a Pod's specification at that place."""
    names = Counter(text_at(each, "name") for key in _CONTAINERS for _, each in items_at(spec, key))
    volumes = dict.fromkeys(sorted(text_at(each, "name") for _, each in items_at(spec, "volumes")))
    # Any of them may come to have any name.
    known = None if is_unfinished(volumes) else volumes
    if spec.get("containers") == []:
        yield Refusal((*place, "containers"), "is empty; expected at least one container", is_missing=True)
    for key in _CONTAINERS:
        for index, container in items_at(spec, key):
            here = (*place, key, index)
            name = text_at(container, "name")
            if names[name] > 1 and key == "containers" and _is_twice(spec, name):
                yield Refusal((*here, "name"), "is the name of an init container as well", hint="give it another name")
            yield from _container_refusals(container, here, known, oldest=oldest)
    for index, volume in items_at(spec, "volumes"):
        yield from _volume_refusals(volume, (*place, "volumes", index))
    yield from label_refusals(mapping_at(spec, "nodeSelector"), (*place, "nodeSelector"))
    account = text_at(spec, "serviceAccountName")
    if account and not DNS_SUBDOMAIN.accepts(account):
        yield Refusal((*place, "serviceAccountName"), value=account, expected=DNS_SUBDOMAIN.words)


def _is_twice(spec: Mapping[str, Any], name: str) -> bool:
    """Whether an init container has the name; twice in one list is the schema's to tell."""
    return any(text_at(each, "name") == name for _, each in items_at(spec, "initContainers"))


def _container_refusals(
    container: Mapping[str, Any], place: Steps, volumes: Collection[str] | None, *, oldest: int
) -> Iterator[Refusal]:
    name = container.get("name")
    if isinstance(name, str) and not DNS_LABEL.accepts(name):
        yield Refusal((*place, "name"), value=name, expected=DNS_LABEL.words)
    if container.get("image") in (None, ""):
        yield missing(*place, "image")
    for index, port in items_at(container, "ports"):
        yield from _port_refusals(port, (*place, "ports", index))
    variables = STRICT_VARIABLE_NAME if oldest < RELAXED_VARIABLES else VARIABLE_NAME
    for index, variable in items_at(container, "env"):
        here = (*place, "env", index)
        name = variable.get("name")
        if isinstance(name, str) and not variables.accepts(name):
            yield Refusal((*here, "name"), value=name, expected=variables.words)
        if variable.get("value") and variable.get("valueFrom"):
            yield Refusal((*here, "valueFrom"), "may not be there beside a value")
    for index, mount in items_at(container, "volumeMounts"):
        yield from _mount_refusals(mount, (*place, "volumeMounts", index), volumes)
    yield from _resource_refusals(mapping_at(container, "resources"), (*place, "resources"))
    for key in _PROBES:
        if isinstance(probe := container.get(key), Mapping):
            yield from _probe_refusals(probe, (*place, key), is_readiness=key == "readinessProbe")


def port_number_refusals(value: object, steps: Steps) -> Iterator[Refusal]:
    """A port that is a number."""
    if isinstance(value, int) and not isinstance(value, bool) and not 1 <= value <= _LARGEST_PORT:
        yield Refusal(steps, value=value, expected=f"a port from 1 to {_LARGEST_PORT}")


def target_refusals(value: object, steps: Steps) -> Iterator[Refusal]:
    """A port that is a number or a name."""
    yield from port_number_refusals(value, steps)
    if isinstance(value, str) and not PORT_NAME.accepts(value):
        hint = "a number has no quotes" if value.isdigit() else ""
        yield Refusal(steps, value=value, expected=f"the name of a port: {PORT_NAME.words}", hint=hint)


def _port_refusals(port: Mapping[str, Any], place: Steps) -> Iterator[Refusal]:
    yield from port_number_refusals(port.get("containerPort"), (*place, "containerPort"))
    host_port = port.get("hostPort")
    if host_port != 0:
        yield from port_number_refusals(host_port, (*place, "hostPort"))
    name = text_at(port, "name")
    if name and not PORT_NAME.accepts(name):
        yield Refusal((*place, "name"), value=name, expected=PORT_NAME.words)


def _mount_refusals(mount: Mapping[str, Any], place: Steps, volumes: Collection[str] | None) -> Iterator[Refusal]:
    name = text_at(mount, "name")
    if name and volumes is not None and name not in volumes:
        known = ", ".join(volumes) or "none"
        yield Refusal((*place, "name"), value=name, expected=f"one of the Pod's volumes: {known}")
    if mount.get("mountPath") == "":
        yield missing(*place, "mountPath")


def _volume_refusals(volume: Mapping[str, Any], place: Steps) -> Iterator[Refusal]:
    name = volume.get("name")
    if isinstance(name, str) and not DNS_LABEL.accepts(name):
        yield Refusal((*place, "name"), value=name, expected=DNS_LABEL.words)
    sources = [key for key, value in volume.items() if key != "name" and value is not None]
    if len(sources) > 1:
        yield Refusal(place, f"has {' and '.join(sources)}; expected one of them")


def _resource_refusals(resources: Mapping[str, Any], place: Steps) -> Iterator[Refusal]:
    limits, requests = mapping_at(resources, "limits"), mapping_at(resources, "requests")
    for holder, amounts in (("limits", limits), ("requests", requests)):
        for name, value in amounts.items():
            if "/" not in name and name not in _RESOURCES and not name.startswith("hugepages-"):
                expected = f"{', '.join(_RESOURCES)}, hugepages-SIZE, or a name with a domain such as nvidia.com/gpu"
                yield Refusal((*place, holder, name), f"is no resource; expected {expected}")
            elif (found := amount(value)) is not None and found < 0:
                yield Refusal((*place, holder, name), value=value, expected="at least 0")
    for name, value in requests.items():
        least, most = amount(value), amount(limits.get(name))
        if least is not None and most is not None and least > most:
            problem = f"is {value}, which is more than the limit of {limits[name]}"
            yield Refusal((*place, "requests", name), problem, value=value)


def _probe_refusals(probe: Mapping[str, Any], place: Steps, *, is_readiness: bool) -> Iterator[Refusal]:
    handlers = [key for key in _HANDLERS if probe.get(key) is not None]
    if len(handlers) != 1:
        what = f"has {' and '.join(handlers)}" if handlers else "does nothing"
        yield Refusal(place, f"{what}; expected one of: {', '.join(_HANDLERS)}")
    for key in ("httpGet", "tcpSocket"):
        yield from target_refusals(mapping_at(probe, key).get("port"), (*place, key, "port"))
    successes = number_at(probe, "successThreshold")
    if not is_readiness and successes is not None and successes not in (0, 1):
        yield Refusal(
            (*place, "successThreshold"), value=successes, expected="1; only a readiness probe may ask for more"
        )


def restart_refusals(spec: Mapping[str, Any], place: Steps, allowed: Sequence[str]) -> Iterator[Refusal]:
    """The restart policy, of which a controller's Pods may not have every one; not said is ``Always``."""
    policy = text_at(spec, "restartPolicy")
    if (policy or "Always") in allowed:
        return
    expected = f"{'one of: ' if len(allowed) > 1 else ''}{', '.join(allowed)}"
    if policy:
        yield Refusal((*place, "restartPolicy"), value=policy, expected=expected)
    else:
        yield missing(*place, "restartPolicy", hint=f"expected {expected}")
