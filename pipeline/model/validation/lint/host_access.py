"""Pods that leave their own namespaces for the node's.

Source: Kubernetes' Pod Security Standards, profile "Baseline".
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject

_SUPPRESS = "; an agent that is there for its node says so in a suppression"


@lint_rule(
    "host-network",
    Severity.ERROR,
    title="A Pod in its node's network",
    reason="It reaches everything that listens on the node, sees other Pods' traffic, and no NetworkPolicy holds it.",
    fix="remove hostNetwork and let a Service lead to the Pod" + _SUPPRESS,
)
def host_network(subject: Subject) -> Iterator[Problem]:
    """``hostNetwork``."""
    return _flagged(subject, "hostNetwork", "network")


@lint_rule(
    "host-pid",
    Severity.ERROR,
    title="A Pod among its node's processes",
    reason="It sees every process of the node with its environment, where secrets are, and may end them.",
    fix="remove hostPID" + _SUPPRESS,
)
def host_pid(subject: Subject) -> Iterator[Problem]:
    """``hostPID``."""
    return _flagged(subject, "hostPID", "processes")


@lint_rule(
    "host-ipc",
    Severity.ERROR,
    title="A Pod with its node's shared memory",
    reason="It can read and change what processes of the node and of other such Pods share.",
    fix="remove hostIPC; containers of one Pod share memory by an emptyDir volume with medium Memory" + _SUPPRESS,
)
def host_ipc(subject: Subject) -> Iterator[Problem]:
    """``hostIPC``."""
    return _flagged(subject, "hostIPC", "shared memory")


@lint_rule(
    "host-path",
    Severity.ERROR,
    title="A Pod with files of its node",
    reason="Whoever takes over the container can read the node's files, and where it may write, the node is theirs.",
    fix="use a PersistentVolumeClaim, an emptyDir, a ConfigMap or a Secret instead" + _SUPPRESS,
)
def host_path(subject: Subject) -> Iterator[Problem]:
    """Volumes of type ``hostPath``."""
    for pod in subject.pods:
        for index, volume in items_at(pod.spec, "volumes"):
            if "hostPath" in volume:
                path = shown(text_at(mapping_at(volume, "hostPath"), "path"))
                name = shown(text_at(volume, "name"))
                place = f"{pod.path}.volumes[{index}].hostPath"
                yield Problem(pod.resource, place, f"volume '{name}' is {path} of the node")


def _flagged(subject: Subject, field: str, what: str) -> Iterator[Problem]:
    for pod in subject.pods:
        if pod.spec.get(field) is True:
            yield Problem(pod.resource, f"{pod.path}.{field}", f"the Pod uses its node's {what}: {field} is true")
