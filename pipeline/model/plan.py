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
