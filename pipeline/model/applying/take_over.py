"""Fields that kubectl once set and that gitless now applies: kubectl must let go of them.

As long as it stays a co-owner, a field that leaves the manifests would stay in the cluster. Flux does the same for its
own manager (flux pkg/ssa/patch.go). Fields that we do not apply stay with kubectl, so that no value changes by this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.model.applying.field_managers import OUR_MANAGER

_SUPERSEDED_PREFIX = "kubectl"
_SUPERSEDED = "before-first-apply"
"""What the API server calls whoever wrote before fields had managers."""


def without_superseded(managed_fields: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]] | None:
    """The entries without what kubectl owns beside us; ``None`` where there is nothing of that kind."""
    ours = next((entry.get("fieldsV1") for entry in managed_fields if _is_ours(entry)), None)
    if not ours:
        return None
    kept: list[Mapping[str, Any]] = []
    has_changed = False
    for entry in managed_fields:
        if not _is_superseded(entry):
            kept.append(entry)
            continue
        fields = entry.get("fieldsV1") or {}
        rest = _without(fields, ours)
        has_changed |= rest != fields
        if rest:
            kept.append({**entry, "fieldsV1": rest})
    return kept if has_changed else None


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == OUR_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def _is_superseded(entry: Mapping[str, Any]) -> bool:
    manager = str(entry.get("manager", ""))
    return not entry.get("subresource") and (manager.startswith(_SUPERSEDED_PREFIX) or manager == _SUPERSEDED)


def _without(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a field tree (FieldsV1) that is not in ours; ``.`` stands for the map or item itself."""
    rest: dict[str, Any] = {}
    for key, inner in theirs.items():
        if key not in ours:
            rest[key] = inner
        elif inner:
            deeper = _without(inner, ours[key])
            if deeper.keys() - {"."}:
                rest[key] = deeper
        elif ours[key]:
            # They own the value as a whole, we only parts of it.
            rest[key] = inner
    return rest if rest.keys() - {"."} else {}
