"""What a process may do beyond its container.

Source: Kubernetes' Pod Security Standards, profiles "Baseline" (privileged, capabilities) and "Restricted".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import mapping_at, number_at, texts_at
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.pods import Container, PodTemplate
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject
from pipeline.model.validation.unfinished import is_unfinished

_ORDINARY: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""Capabilities that "Baseline" lets a container add: those that runtimes give anyway."""
_WINDOWS: Final = ("securityContext", "windowsOptions")


@lint_rule(
    "privileged",
    Severity.ERROR,
    title="A privileged container",
    reason="It is root on its node: it has all capabilities and devices, and nothing of the runtime's protection.",
    fix="remove privileged, and add the one capability that is needed; an agent that is there for its node says so in a"
    " suppression",
)
def privileged(subject: Subject) -> Iterator[Problem]:
    """``securityContext.privileged``, and its like on Windows, which a Pod may say for all of its containers."""
    for pod in subject.pods:
        if mapping_at(pod.spec, *_WINDOWS).get("hostProcess") is True:
            path = ".".join((pod.path, *_WINDOWS, "hostProcess"))
            yield Problem(pod.resource, path, "the Pod's containers are processes of the node: hostProcess is true")
    for pod, container in subject.containers:
        if _is_privileged(container):
            yield _problem(pod, container, "privileged", "is privileged")
        elif mapping_at(container.body, *_WINDOWS).get("hostProcess") is True:
            says = "is a process of the node: hostProcess is true"
            yield _problem(pod, container, "windowsOptions.hostProcess", says)


@lint_rule(
    "privilege-escalation",
    Severity.WARNING,
    title="A container whose processes may gain privileges",
    reason="Without allowPrivilegeEscalation: false a program with the setuid bit makes root of any user.",
    fix="set securityContext.allowPrivilegeEscalation to false",
)
def privilege_escalation(subject: Subject) -> Iterator[Problem]:
    """``allowPrivilegeEscalation`` is true or left out; a privileged container cannot do without it."""
    for pod, container in subject.containers:
        if not pod.is_for_windows and not _is_privileged(container):
            allowed = _context(container).get("allowPrivilegeEscalation")
            if allowed is not False:
                says = "may gain privileges: allowPrivilegeEscalation is " + ("true" if allowed else "not set to false")
                yield _problem(pod, container, "allowPrivilegeEscalation", says)


@lint_rule(
    "run-as-root",
    Severity.WARNING,
    title="A container that may run as root",
    reason="Root in the container is the node's root to the kernel: one hole in the runtime, and the node is theirs.",
    fix="set securityContext.runAsNonRoot to true, and runAsUser where the image names no user by number",
)
def run_as_root(subject: Subject) -> Iterator[Problem]:
    """Neither ``runAsNonRoot`` nor another user than 0, in a Pod without a user namespace of its own."""
    for pod, container in subject.containers:
        if pod.is_for_windows or pod.spec.get("hostUsers") is False or _is_privileged(container):
            continue
        own = {key: value for key, value in _context(container).items() if value is not None}
        settings = {**mapping_at(pod.spec, "securityContext"), **own}
        user = number_at(settings, "runAsUser")
        if user == 0:
            yield _problem(pod, container, "runAsUser", "runs as root: runAsUser is 0")
        elif user is None and settings.get("runAsNonRoot") is not True:
            yield _problem(pod, container, "runAsNonRoot", "runs as whatever user the image says, which may be root")


@lint_rule(
    "added-capability",
    Severity.ERROR,
    title="A container with a dangerous capability",
    reason="Beyond the runtime's own set lie capabilities that are as good as root on the node, such as SYS_ADMIN.",
    fix="drop ALL and add only what is needed; an agent that is there for its node says so in a suppression",
)
def added_capability(subject: Subject) -> Iterator[Problem]:
    """Capabilities that "Baseline" does not let a container add."""
    for pod, container in subject.containers:
        added = (name.removeprefix("CAP_") for name in texts_at(_context(container), "capabilities", "add"))
        extra = [shown(name) for name in added if name not in _ORDINARY and not is_unfinished(name)]
        if extra and not _is_privileged(container):
            yield _problem(pod, container, "capabilities.add", f"has {', '.join(extra[:5])} added")


def _context(container: Container) -> Mapping[str, Any]:
    return mapping_at(container.body, "securityContext")


def _is_privileged(container: Container) -> bool:
    return _context(container).get("privileged") is True


def _problem(pod: PodTemplate, container: Container, field: str, says: str) -> Problem:
    path = f"{container.path}.securityContext.{field}"
    return Problem(pod.resource, path, f"container '{shown(container.name)}' {says}")
