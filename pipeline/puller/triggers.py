"""Which objects a change wakes, and why; decided from the object before and after it."""

from __future__ import annotations

from typing import Any

from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.manifests import Body


def concerns_itself(before: Body | None, after: Body) -> bool:
    """Whether the object itself is to be reconciled: it is new, asks for something else, or for a look right now.

    A change of its status alone is our own doing.
    """
    return before is None or _asked(before) != _asked(after)


def has_new_artifact(before: Body | None, after: Body) -> bool:
    """Whether those who use the source have something new to apply."""
    new = SourceArtifact.of(after)
    if new is None:
        return False
    old = SourceArtifact.of(before) if before is not None else None
    return old is None or (old.revision, old.digest) != (new.revision, new.digest)


def has_new_status(before: Body | None, after: Body) -> bool:
    """Whether the status changed, which may be what dependants are waiting for."""
    return before is None or before.get("status") != after.get("status")


def refers_anew(before: Body, after: Body) -> bool:
    """Whether the object may refer to others than it did."""
    return (before.get("spec"), _annotation(before, api.TRUST_POLICY_ANNOTATION)) != (
        after.get("spec"),
        _annotation(after, api.TRUST_POLICY_ANNOTATION),
    )


def _annotation(body: Body, name: str) -> str | None:
    found: str | None = (body["metadata"].get("annotations") or {}).get(name)
    return found


def _asked(body: Body) -> tuple[Any, ...]:
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    return (
        metadata.get("uid"),
        metadata.get("generation"),
        annotations.get(api.REQUESTED_AT),
        annotations.get(api.DRIFT_ANNOTATION),
        annotations.get(api.MAX_PRUNE_ANNOTATION),
        annotations.get(api.ALLOW_PRUNE_ANNOTATION),
        annotations.get(api.TRUST_POLICY_ANNOTATION),
        annotations.get(api.ROLLBACK_ANNOTATION),
        bool(metadata.get("deletionTimestamp")),
    )
