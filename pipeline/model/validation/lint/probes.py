"""Whether Kubernetes can tell that a Pod is ready, and that it hangs; only where Pods are meant to stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.model.documents.untyped import items_at, text_at
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.pods import Container, PodTemplate, Role
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject

_ASKING: Final = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


@lint_rule(
    "probe-readiness",
    Severity.WARNING,
    title="A container without a readiness probe",
    reason="Its Pod counts as ready the moment it starts: Services send requests that it cannot answer yet, and a"
    " rollout goes on although the new version does not work.",
    fix="add a readinessProbe that asks for what the container serves",
)
def probe_readiness(subject: Subject) -> Iterator[Problem]:
    """Every container that has ports; where none has, one of the Pod's containers is enough."""
    for pod, containers in _lasting(subject):
        serving = [item for item in containers if item.body.get("ports")]
        asked = serving or ([] if any(item.body.get("readinessProbe") for item in containers) else containers[:1])
        for container in asked:
            if not container.body.get("readinessProbe"):
                yield _problem(pod, container, "readinessProbe")


@lint_rule(
    "probe-liveness",
    Severity.NOTE,
    title="A container without a liveness probe",
    reason="One that hangs is never restarted. A program that ends when it cannot go on needs none, and a careless"
    " probe restarts what is only busy; hence a note and no more.",
    fix="add a livenessProbe that fails only when a restart helps, or switch the rule off",
)
def probe_liveness(subject: Subject) -> Iterator[Problem]:
    """Every container that has ports; where none has, the Pod's first."""
    for pod, containers in _lasting(subject):
        serving = [item for item in containers if item.body.get("ports")]
        for container in serving or containers[:1]:
            if not container.body.get("livenessProbe"):
                yield _problem(pod, container, "livenessProbe")


@lint_rule(
    "probe-port",
    Severity.WARNING,
    title="A probe of a named port that the container does not have",
    reason="The probe fails each time: the container never gets ready, or is restarted for ever.",
    fix="correct the port's name, or give one of the container's ports that name",
)
def probe_port(subject: Subject) -> Iterator[Problem]:
    """Probes and lifecycle hooks by HTTP or TCP; the names are those of the container's own ports."""
    for pod, container in subject.containers:
        names = {text_at(port, "name") for _, port in items_at(container.body, "ports")}
        for place in _ASKING:
            for how in ("httpGet", "tcpSocket"):
                name = text_at(container.body, *place, how, "port")
                if name and name not in names and not name.isdigit() and "${" not in name:
                    path = ".".join((container.path, *place, how, "port"))
                    says = f"container '{shown(container.name)}' has no port named {shown(name)}"
                    yield Problem(pod.resource, path, says)


def _lasting(subject: Subject) -> Iterator[tuple[PodTemplate, list[Container]]]:
    for pod in subject.pods:
        if pod.lasts:
            yield pod, [item for item in pod.containers if item.role is Role.MAIN]


def _problem(pod: PodTemplate, container: Container, what: str) -> Problem:
    return Problem(pod.resource, container.path, f"container '{shown(container.name)}' has no {what}")
