"""Which pods belong to a workload, so that their events and logs can be shown when it is not healthy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.model.health.verdict import lookup
from pipeline.model.manifests import Body

_OWNERS = frozenset({"DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"})


def pod_selector(workload: Body) -> str | None:
    """The label selector that finds the workload's pods, in the API's syntax; ``None`` for kinds without pods.

    The selector may match other pods too: filter with :func:`owned_pods`.
    """
    selector = lookup(workload, "spec.selector")
    if workload.get("kind") not in _OWNERS or not isinstance(selector, Mapping):
        return None
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    terms += [_term(expression) for expression in selector.get("matchExpressions") or ()]
    return ",".join(terms) or None


def owned_pods(workload: Body, pods: Iterable[Body]) -> tuple[Body, ...]:
    """Those pods that the workload controls, directly or, for a Deployment, through one of its ReplicaSets.

    Metadata is enough. The Deployment controller names a ReplicaSet ``<deployment>-<pod-template-hash>`` and labels its
    pods with that hash, so ReplicaSets need not be read.
    """
    if workload.get("kind") == "Pod":
        return (workload,)
    return tuple(pod for pod in pods if _owns(workload, pod))


def _owns(workload: Body, pod: Body) -> bool:
    controller = next((owner for owner in lookup(pod, "metadata.ownerReferences", []) if owner.get("controller")), None)
    if controller is None or lookup(pod, "metadata.namespace", "") != lookup(workload, "metadata.namespace", ""):
        return False
    if controller.get("uid") == lookup(workload, "metadata.uid", ""):
        return True
    template_hash = lookup(pod, "metadata.labels", {}).get("pod-template-hash")
    return (
        workload.get("kind") == "Deployment"
        and controller.get("kind") == "ReplicaSet"
        and template_hash is not None
        and controller.get("name") == f"{lookup(workload, 'metadata.name')}-{template_hash}"
    )


def _term(expression: Mapping[str, Any]) -> str:
    key: str = expression["key"]
    values = ",".join(expression.get("values") or ())
    return {
        "In": f"{key} in ({values})",
        "NotIn": f"{key} notin ({values})",
        "Exists": key,
        "DoesNotExist": f"!{key}",
    }[expression["operator"]]
