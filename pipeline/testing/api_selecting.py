"""Which objects a list or a watch of the API server in memory is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.label_selector import LabelSelector
from pipeline.model.manifests import Body

_EVERYWHERE = frozenset({"metadata.name", "metadata.namespace"})
_SELECTABLE: Mapping[str, frozenset[str]] = {
    "Event": frozenset(
        {*(f"involvedObject.{key}" for key in ("kind", "namespace", "name", "uid")), "reason", "source", "type"}
    ),
    "Pod": frozenset({"spec.nodeName", "spec.serviceAccountName", "status.phase"}),
    "Secret": frozenset({"type"}),
    "Namespace": frozenset({"status.phase"}),
}
"""Field selectors that a kind supports beside those of its name (Kubernetes documentation, "Field Selectors")."""


def selection(
    resource_type: ResourceType, namespace: str | None, selector: str | None, fields: str | None
) -> Callable[[Body], bool]:
    """Whether a body is in the namespace and selected by labels and fields.

    Raises:
        ClusterError: the kind has no such field selector.
    """
    labels = LabelSelector.parse(selector or "")
    wanted = [_term(term, resource_type) for term in (fields or "").split(",") if term]

    def matches(body: Body) -> bool:
        metadata = body["metadata"]
        return (
            (not namespace or not resource_type.namespaced or metadata.get("namespace") == namespace)
            and labels.matches(metadata.get("labels") or {})
            and all((_value(body, path) == value) is is_equal for path, value, is_equal in wanted)
        )

    return matches


def _term(term: str, resource_type: ResourceType) -> tuple[str, str, bool]:
    path, sign, value = term.partition("=")
    is_equal = not path.endswith("!")
    path = path.rstrip("!")
    if not sign or path not in _EVERYWHERE | _SELECTABLE.get(resource_type.kind, frozenset()):
        raise ClusterError(f'"{path}" is not a known field selector of {resource_type.plural}', code="cluster.invalid")
    return path, value.removeprefix("="), is_equal


def _value(body: Body, path: str) -> str:
    here: Any = body
    for step in path.split("."):
        here = here.get(step) if isinstance(here, Mapping) else None
    return "" if here is None else str(here)
