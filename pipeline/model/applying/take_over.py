"""Fields that others set before and that we apply now: they must let go of them.

As long as another manager stays a co-owner, a field that leaves the manifests would stay in the cluster. There are two
ways. The pipeline takes from kubectl only what it applies itself, so that no value changes by this. The puller, like
Flux (flux pkg/ssa/patch.go), takes everything that kubectl and the like ever set, so that the next apply removes what
the manifests do not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SUPERSEDED_PREFIX = "kubectl"
_SUPERSEDED = "before-first-apply"
"""What the API server calls whoever wrote before fields had managers."""

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A manager whose fields become ours: its name, or the beginning of it, and how it wrote (empty: either way)."""

    name: str
    operation: str = ""
    is_prefix: bool = False

    def wrote(self, entry: Entry) -> bool:
        """Whether the entry of ``managedFields`` is this manager's."""
        name = str(entry.get("manager", ""))
        is_named = name.startswith(self.name) if self.is_prefix else name == self.name
        return is_named and self.operation in {"", entry.get("operation")} and not entry.get("subresource")


def without_superseded(managed_fields: Sequence[Entry], us: str = "gitless") -> list[Entry] | None:
    """The entries without what kubectl owns beside us; ``None`` where there is nothing of that kind."""
    ours = next((entry.get("fieldsV1") for entry in managed_fields if _is_ours(entry, us)), None)
    if not ours:
        return None
    kept: list[Entry] = []
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


def inherited(managed_fields: Sequence[Entry], us: str, predecessors: Sequence[Predecessor]) -> list[Entry] | None:
    """The entries with everything that the predecessors set made ours; ``None`` where there is nothing of theirs."""
    theirs = [entry for entry in managed_fields if any(item.wrote(entry) for item in predecessors)]
    theirs = [entry for entry in theirs if not _is_ours(entry, us)]
    if not theirs:
        return None
    ours = next((entry for entry in managed_fields if _is_ours(entry, us)), None)
    fields: dict[str, Any] = dict((ours or {}).get("fieldsV1") or {})
    for entry in theirs:
        fields = _union(fields, entry.get("fieldsV1") or {})
    base = ours if ours is not None else {key: value for key, value in theirs[0].items() if key != "subresource"}
    made = {**base, "manager": us, "operation": "Apply", "fieldsV1": fields}
    rest = [entry for entry in managed_fields if entry not in theirs and entry is not ours]
    return [made, *rest]


def _is_ours(entry: Entry, us: str) -> bool:
    return entry.get("manager") == us and entry.get("operation") == "Apply" and not entry.get("subresource")


def _is_superseded(entry: Entry) -> bool:
    manager = str(entry.get("manager", ""))
    return not entry.get("subresource") and (manager.startswith(_SUPERSEDED_PREFIX) or manager == _SUPERSEDED)


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both field trees (FieldsV1) laid over each other."""
    merged = dict(one)
    for key, inner in other.items():
        merged[key] = _union(merged[key], inner) if key in merged else inner
    return merged


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
