"""Which of Kubernetes' own kinds make Pods, and where in them the Pods' template stands."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from pipeline.model.manifests import ObjectId

_ELSEWHERE: Final = MappingProxyType(
    {
        ("", "Pod"): (),
        ("", "PodTemplate"): ("template",),
        ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    }
)
LASTING: Final = frozenset(
    {
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("", "ReplicationController"),
    }
)
"""Kinds whose Pods stay until somebody ends them; those of Jobs come and go."""


def template_place(object_id: ObjectId) -> tuple[str, ...]:
    """Where in an object the template of its Pods stands, if it has any; nowhere in a Pod, which is one."""
    return _ELSEWHERE.get((object_id.group, object_id.kind), ("spec", "template"))
