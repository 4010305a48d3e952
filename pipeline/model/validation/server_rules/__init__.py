"""What an API server refuses beyond what the schemas say, as far as it can be decided from one object alone.

Everything here is judged by a real API server in ``tests/integration/validate``: what is refused here is refused there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.model.documents.untyped import mapping_at
from pipeline.model.manifests import Resource
from pipeline.model.validation.server_rules import access, configuration, traffic, workloads
from pipeline.model.validation.server_rules.metadata import marks_refusals, name_refusals, namespace_refusals
from pipeline.model.validation.server_rules.refusal import Refusal

__all__ = ["Refusal", "refusals"]

_WITHOUT_PODS: Final = {**access.RULES, **configuration.RULES, **traffic.RULES}


def refusals(
    resource: Resource, *, is_custom: bool, is_known: bool, is_namespaced: bool, oldest: int
) -> Iterator[Refusal]:
    """Everything that an API server refuses in the object.

    ``is_custom`` and ``is_known`` say whether a definition or Kubernetes itself has the kind in this version,
    ``oldest`` is the minor version of the oldest Kubernetes in question. The object may be of any shape: what is of
    another type than the schema says is passed over.
    """
    kind = (resource.id.group, resource.id.kind)
    yield from name_refusals(kind, resource.id.name, is_custom=is_custom, oldest=oldest)
    if is_namespaced:
        yield from namespace_refusals(resource.id.namespace)
    yield from marks_refusals(mapping_at(resource.body, "metadata"), "metadata")
    if is_custom or not is_known:
        return
    if kind in workloads.RULES:
        yield from workloads.RULES[kind](resource.body, oldest)
    elif kind in _WITHOUT_PODS:
        yield from _WITHOUT_PODS[kind](resource.body)
