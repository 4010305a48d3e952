"""What would change, decided before anything does: one change per object, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pipeline.model.manifests import ObjectId, Origin


class Action(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    CONFIGURE = "configure"
    RECREATE = "recreate"
    PRUNE = "prune"
    UNCHANGED = "unchanged"
    SKIP = "skip"


class Absent:
    """The type of :data:`ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""Stands for a field that is not there, which is not the same as null."""


class Sensitive:
    """The type of :data:`SENSITIVE`."""

    def __repr__(self) -> str:
        return "(sensitive)"


SENSITIVE: Final = Sensitive()
"""Stands for a Secret's value, whatever it is: neither the value nor its length leaves the comparison."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. ``path`` names list items by merge key: ``spec.template.spec.containers[name=web].image``.

    Secret values are masked before they come here. ``manager`` names who owns the live value where that is known and
    is not gitless.
    """

    path: str
    before: Any
    after: Any
    manager: str = ""
    is_drift: bool = False
    """The live value differs from what was last applied, and the desired value did not change."""
    is_order: bool = False
    """The same items in another order, where order matters; before and after are the items' keys."""
    follows: str = ""
    """The rename of a generated object that brought this change with it, as ``old name → new name``."""

    @property
    def is_sensitive(self) -> bool:
        """Whether a Secret's value stands behind this change."""
        return self.before is SENSITIVE or self.after is SENSITIVE

    def document(self) -> dict[str, Any]:
        """Exact values as JSON; a side that is absent or sensitive has no key."""
        if self.before is ABSENT:
            kind = "added"
        elif self.after is ABSENT:
            kind = "removed"
        else:
            kind = "reordered" if self.is_order else "changed"
        document: dict[str, Any] = {"path": self.path, "change": kind}
        sides = {"before": self.before, "after": self.after}
        document |= {key: value for key, value in sides.items() if value is not ABSENT and value is not SENSITIVE}
        marks: dict[str, bool | str] = {"sensitive": self.is_sensitive, "drift": self.is_drift}
        marks |= {"manager": self.manager, "follows": self.follows}
        document |= {key: value for key, value in marks.items() if value}
        return document


@dataclass(frozen=True, slots=True)
class Change:
    """One object and what happens to it."""

    action: Action
    object_id: ObjectId
    api_version: str
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    """Why it is skipped, pruned, recreated; empty where the action says it all."""
    origin: Origin | None = None
    renamed_from: ObjectId | None = None
    """For a generated ConfigMap or Secret whose name hash changed: the object that it replaces."""
    renamed_to: ObjectId | None = None
    """The other half: on the pruned object, what it is replaced by."""

    def document(self) -> dict[str, Any]:
        """The change as JSON; keys without a value are left out."""
        document: dict[str, Any] = {"action": self.action.value, **object_document(self.object_id, self.api_version)}
        if self.origin is not None:
            document["origin"] = str(self.origin)
        if self.reason:
            document["reason"] = self.reason
        if self.renamed_from is not None:
            document["renamedFrom"] = self.renamed_from.name
        if self.renamed_to is not None:
            document["renamedTo"] = self.renamed_to.name
        if self.fields:
            document["fields"] = [change.document() for change in self.fields]
        return document


def object_document(object_id: ObjectId, api_version: str) -> dict[str, Any]:
    """How JSON results name an object; cluster-wide objects have no ``namespace``."""
    document = {"apiVersion": api_version, "kind": object_id.kind}
    if object_id.namespace:
        document["namespace"] = object_id.namespace
    document["name"] = object_id.name
    return document


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes between two sides, in apply order, prunes last; unchanged objects are only counted."""

    changes: tuple[Change, ...] = ()
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether applying the plan would write nothing (skipped objects do not count)."""
        return all(change.action in {Action.UNCHANGED, Action.SKIP} for change in self.changes)

    def count(self, action: Action) -> int:
        """How many objects have this action."""
        if action is Action.UNCHANGED:
            return self.unchanged
        return sum(change.action is action for change in self.changes)

    @property
    def renames(self) -> int:
        """How many generated objects come back under a new name; each is one create, and one prune where pruned."""
        return sum(change.renamed_from is not None for change in self.changes)

    @property
    def replaced(self) -> int:
        """How many pruned objects are the old half of a rename."""
        return sum(change.renamed_to is not None for change in self.changes)
