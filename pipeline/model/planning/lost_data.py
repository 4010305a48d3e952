"""Which deletions take data with them that no manifest brings back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.model.documents.untyped import mapping_at
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Action, Change
from pipeline.model.planning.blast_radius import Touched
from pipeline.model.planning.workloads import kind_of

DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
NAMESPACE = ("", "Namespace")
_SHOWN = 4
_DELETING = frozenset({Action.PRUNE, Action.RECREATE})

Bodies = Mapping[ObjectId, Body]


@dataclass(slots=True)
class DataLosses:
    """Judges deletions; ``known`` are the objects that are there before, as far as anybody knows."""

    before: Bodies
    _inside: dict[str, list[ObjectId]] = field(default_factory=lambda: defaultdict(list))
    _of_kind: dict[tuple[str, str], list[ObjectId]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def among(cls, known: Iterable[ObjectId], before: Bodies) -> DataLosses:
        """Sort what is known."""
        losses = cls(before)
        for object_id in {*known, *before}:
            if object_id.namespace:
                losses._inside[object_id.namespace].append(object_id)
            losses._of_kind[kind_of(object_id)].append(object_id)
        return losses

    def loss(self, change: Change) -> Touched | None:
        """What the change deletes beyond the object itself; ``None`` for nothing."""
        if change.action not in _DELETING:
            return None
        reason = self._reason(change.object_id)
        return Touched(change.object_id, reason) if reason else None

    def _reason(self, object_id: ObjectId) -> str:
        body = self.before.get(object_id, {})
        kind = kind_of(object_id)
        if kind == NAMESPACE:
            return f"everything in it is deleted: {_counted(self._inside[object_id.name])}"
        if kind == DEFINITION:
            return self._definition(object_id, body)
        if kind == ("", "PersistentVolumeClaim"):
            return "its volume goes with it, unless the volume's reclaim policy is Retain"
        if kind == ("", "PersistentVolume"):
            policy = mapping_at(body, "spec").get("persistentVolumeReclaimPolicy")
            return "" if policy == "Retain" else f"its reclaim policy is {policy or 'not known'}"
        if kind == ("apps", "StatefulSet"):
            policy = mapping_at(body, "spec", "persistentVolumeClaimRetentionPolicy").get("whenDeleted")
            return "its claims are deleted with it (whenDeleted: Delete)" if policy == "Delete" else ""
        return ""

    def _definition(self, object_id: ObjectId, body: Body) -> str:
        group = object_id.name.partition(".")[2]
        kind = mapping_at(body, "spec", "names").get("kind")
        if isinstance(kind, str):
            return f"every {kind} is deleted: {_counted(self._of_kind[group, kind])}"
        found = [item for key, items in self._of_kind.items() if key[0] == group for item in items]
        return f"all its objects are deleted: {_counted(found)} in the group {group}"


def _counted(found: Iterable[ObjectId]) -> str:
    kinds = Counter(item.kind for item in found)
    if not kinds:
        return "none is known"
    shown = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(_SHOWN))
    rest = sum(number for _, number in kinds.most_common()[_SHOWN:])
    return shown + (f" and {rest} more" if rest else "")
