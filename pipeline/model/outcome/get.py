"""What ``gitless get`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.flux.api import READY
from pipeline.model.flux.views import AnyView, SourceView, describe_reference, kind_of
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class GetResult:
    """Objects as they are now, and how a table shows them.

    Attributes:
        now: seconds since the epoch, for ages.
        alongside: objects shown earlier in the same columns, which set the widths.
        with_kind: whether names are written with their kind, as for ``all``.
    """

    kind: ClassVar[str] = "GetResult"

    objects: tuple[AnyView, ...]
    now: float
    alongside: tuple[AnyView, ...] = ()
    with_namespace: bool = False
    with_kind: bool = False
    with_source: bool = False
    with_header: bool = True

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {**header(self.kind), "objects": [_object(item) for item in self.objects]}


def _object(item: AnyView) -> dict[str, Any]:
    resource_type, ready = kind_of(item), item.conditions.get(READY)
    return {
        "apiVersion": resource_type.api_version,
        "kind": resource_type.kind,
        "namespace": item.key.namespace,
        "name": item.key.name,
        "created": item.created,
        "suspended": item.is_suspended,
        "generation": item.generation,
        "observedGeneration": item.observed_generation,
        "ready": item.ready,
        "reason": ready.reason if ready else "",
        "message": item.message,
        "revision": item.revision,
        "digest": item.digest,
        "requestedAt": item.requested,
        "lastHandledReconcileAt": item.handled,
        **_of_its_kind(item),
        "conditions": item.conditions.document(),
    }


def _of_its_kind(item: AnyView) -> dict[str, Any]:
    if isinstance(item, SourceView):
        return {
            "url": item.url,
            "selects": describe_reference(item.reference),
            "artifactUpdated": item.fetched,
            "artifactSize": item.size,
        }
    return {
        "source": {"kind": item.source_kind, "namespace": item.source.namespace, "name": item.source.name},
        "path": item.path,
        "lastAttemptedRevision": item.attempted,
        "drift": {"mode": "report" if item.reports_drift else "correct", "objects": list(item.drift)},
    }
