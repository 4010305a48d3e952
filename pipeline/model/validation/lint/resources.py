"""What containers ask of a node, and how much they may take.

Source: Kubernetes documentation, "Resource Management for Pods and Containers" and "Assign Pod-level CPU and memory
resources", "Limit Ranges". A request that is left out is the limit, and what the Pod as a whole has need not be in its
containers. What a LimitRange among the manifests fills in is not missing either.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.pods import Container, PodTemplate, Role
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject


@lint_rule(
    "resource-requests",
    Severity.WARNING,
    title="A container without requests for CPU and memory",
    reason="The scheduler takes it for nothing: nodes fill up beyond what they have, its Pod is among the first to be"
    " evicted, and autoscalers have nothing to go by.",
    fix="set resources.requests.cpu and resources.requests.memory to what it uses on an ordinary day",
)
def resource_requests(subject: Subject) -> Iterator[Problem]:
    """CPU or memory has neither a request nor a limit."""
    filled = _filled_in(subject)
    for pod, container in _running(subject):
        missing = [name for name in ("cpu", "memory") if not _has(filled, pod, container, name, "requests", "limits")]
        if missing:
            yield _problem(pod, container, f"requests no {' and no '.join(missing)}")


@lint_rule(
    "resource-memory-limit",
    Severity.WARNING,
    title="A container without a memory limit",
    reason="Memory cannot be taken back: a leak in one container takes its neighbours on the node with it.",
    fix="set resources.limits.memory to the most that it may use",
)
def resource_memory_limit(subject: Subject) -> Iterator[Problem]:
    """Memory has no limit."""
    filled = _filled_in(subject)
    for pod, container in _running(subject):
        if not _has(filled, pod, container, "memory", "limits"):
            yield _problem(pod, container, "has no memory limit")


@lint_rule(
    "resource-cpu-limit",
    Severity.NOTE,
    title="A container without a CPU limit",
    reason="It may use all of its node's idle CPU. That is often wanted, for requests already share CPU fairly and a"
    " limit slows it down while the node has nothing else to do; hence a note and no more.",
    fix="set resources.limits.cpu where its share must be the same every day, or switch the rule off",
)
def resource_cpu_limit(subject: Subject) -> Iterator[Problem]:
    """CPU has a request and no limit; one that has neither is told by the rule for requests."""
    filled = _filled_in(subject)
    for pod, container in _running(subject):
        if _has(filled, pod, container, "cpu", "requests") and not _has(filled, pod, container, "cpu", "limits"):
            yield _problem(pod, container, "has no CPU limit")


def _running(subject: Subject) -> Iterator[tuple[PodTemplate, Container]]:
    """Ephemeral containers cannot have resources."""
    return ((pod, item) for pod, item in subject.containers if item.role is not Role.EPHEMERAL)


_Filled = frozenset[tuple[str, str, str]]
"""Namespace, ``requests`` or ``limits``, and resource."""


def _filled_in(subject: Subject) -> _Filled:
    """What LimitRanges put into containers that do not say it themselves."""
    found: set[tuple[str, str, str]] = set()
    for limits in subject.of_kind("", "LimitRange"):
        for _, item in items_at(limits.body, "spec", "limits"):
            if text_at(item, "type") == "Container":
                for field, target in (("default", "limits"), ("defaultRequest", "requests")):
                    found.update((limits.id.namespace, target, name) for name in mapping_at(item, field))
    return frozenset(found)


def _has(filled: _Filled, pod: PodTemplate, container: Container, name: str, *fields: str) -> bool:
    holders = (mapping_at(container.body, "resources"), mapping_at(pod.spec, "resources"))
    is_said = any(mapping_at(holder, field).get(name) is not None for holder in holders for field in fields)
    return is_said or any((pod.resource.id.namespace, field, name) in filled for field in fields)


def _problem(pod: PodTemplate, container: Container, says: str) -> Problem:
    return Problem(pod.resource, f"{container.path}.resources", f"container '{shown(container.name)}' {says}")
