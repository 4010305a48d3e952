"""Guards: what an apply must not delete unless somebody says so, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from pipeline.errors import GuardError, UsageError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan, Obstacle
from pipeline.model.comparison.renames import find_renames
from pipeline.model.manifests import ObjectId
from pipeline.model.object_pattern import check_pattern, is_meant
from pipeline.model.plan import Action

_LIMIT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,3}))?(%?)")
_WHOLE = 100.0


class Guard(StrEnum):
    """The guards, by the names under which they are overridden."""

    MAX_PRUNE = "max-prune"
    EMPTY = "empty"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class PruneLimit:
    """How much may be deleted at once: so many objects, or so much of the inventory."""

    amount: float
    is_percentage: bool = False

    @classmethod
    def parse(cls, text: str) -> PruneLimit:
        """Read ``5`` or ``25%``.

        Raises:
            UsageError: it is neither.
        """
        found = _LIMIT.fullmatch(text.strip())
        if found is None or (found[2] and not found[3]) or (found[3] and float(found[0][:-1]) > _WHOLE):
            raise UsageError(
                f"'{text}' is no limit; expected a number of objects such as 5, or a percentage such as 25%",
                hint="0 allows no deletion at all, and 100% every one",
            )
        return cls(float(found[0].removesuffix("%")), bool(found[3]))

    def allows(self, pruned: int, known: int) -> bool:
        """Whether so many of the known objects may go; a percentage above 0 never forbids a single one."""
        if not self.is_percentage:
            return pruned <= self.amount
        return pruned * _WHOLE <= self.amount * known or (pruned == 1 and self.amount > 0)

    def __str__(self) -> str:
        return f"{self.amount:g}{'%' if self.is_percentage else ''}"


DEFAULT_LIMIT: Final = PruneLimit(40, is_percentage=True)
DEFAULT_PROTECTED: Final = ("PersistentVolumeClaim", "Namespace", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What is guarded, and what of it somebody overrode.

    Attributes:
        max_prune: how much one apply may delete.
        protected: patterns of objects that are not pruned.
        overrides: ``max-prune``, ``empty``, or ``protected:`` and a pattern.
        is_acknowledged: whether somebody has seen what this very artifact deletes, and agreed to all of it.
        hint: how to override, where that is not by an option.
    """

    max_prune: PruneLimit = DEFAULT_LIMIT
    protected: tuple[str, ...] = DEFAULT_PROTECTED
    overrides: tuple[str, ...] = ()
    is_acknowledged: bool = False
    hint: str = ""

    def keeps(self, object_id: ObjectId) -> bool:
        """Whether the object is protected, and nobody overrode that for it."""
        is_protected = any(is_meant(object_id, pattern) for pattern in self.protected)
        return is_protected and not self.is_overridden(Guard.PROTECTED, object_id)

    def is_overridden(self, guard: Guard, object_id: ObjectId | None = None) -> bool:
        """Whether somebody overrode the guard, for that object where it is about one."""
        if self.is_acknowledged:
            return True
        if object_id is None:
            return guard.value in self.overrides
        patterns = (item.partition(":")[2] for item in self.overrides if item.startswith(f"{guard.value}:"))
        return any(is_meant(object_id, pattern) for pattern in patterns)


def check_override(text: str) -> str:
    """The override if it names a guard, and for ``protected`` the objects.

    Raises:
        UsageError: it does not.
    """
    name, colon, pattern = text.partition(":")
    if name == Guard.PROTECTED and colon:
        return f"{name}:{check_pattern(pattern)}"
    if text in {Guard.MAX_PRUNE, Guard.EMPTY}:
        return text
    if name == Guard.PROTECTED:
        raise UsageError(
            f"--override {text}: name the objects that may be deleted",
            hint="such as --override 'protected:PersistentVolumeClaim shop/data'",
        )
    near = get_close_matches(name, list(Guard), n=1)
    hint = f"did you mean '{near[0]}'?" if near else "guards: max-prune, empty, protected:KIND NAMESPACE/NAME"
    raise UsageError(f"--override {text}: there is no such guard", hint=hint)


def guarded(live: LivePlan, inventory: Inventory, guards: Guards, *, is_empty: bool) -> LivePlan:
    """The plan with an obstacle for every guard that it trips, or a line for everyone that somebody overrode.

    ``is_empty``: the manifests have no objects at all. Generated objects that come back under another name are
    replaced, not deleted, and count for nothing.
    """
    renamed = find_renames(live.plan.changes)
    pruned = [
        change.object_id
        for change in live.plan.changes
        if change.action is Action.PRUNE and change.object_id not in renamed
    ]
    if not pruned:
        return live
    tripped = [*_by_number(pruned, inventory, guards, is_empty=is_empty), *_by_object(pruned, guards)]
    obstacles = [item.obstacle(inventory, guards) for item in tripped if not item.is_overridden]
    overridden = [str(item) for item in tripped if item.is_overridden]
    return replace(live, obstacles=(*live.obstacles, *obstacles), overridden=(*live.overridden, *overridden))


@dataclass(frozen=True, slots=True)
class _Tripped:
    guard: Guard
    problem: str
    is_overridden: bool
    object_id: ObjectId | None = None

    def obstacle(self, inventory: Inventory, guards: Guards) -> Obstacle:
        subject = str(self.object_id or inventory)
        named = f"protected:{self.object_id}" if self.object_id else self.guard.value
        hint = guards.hint or f"if that is what you want: --override {_quoted(named)}"
        return Obstacle(subject, self.problem, hint=hint, error=GuardError)

    def __str__(self) -> str:
        return f"{self.guard.value}: {self.object_id or self.problem}"


def _by_number(
    pruned: Sequence[ObjectId], inventory: Inventory, guards: Guards, *, is_empty: bool
) -> Iterable[_Tripped]:
    number, known = len(pruned), len(inventory.known)
    if is_empty:
        problem = f"there are no objects to apply, so everything in it would be deleted ({_objects(number)})"
        yield _Tripped(Guard.EMPTY, problem, guards.is_overridden(Guard.EMPTY))
    elif not guards.max_prune.allows(number, known):
        share = number / known * _WHOLE if known else _WHOLE
        problem = f"{number} of {_objects(known)} ({share:.0f}%) would be deleted; at most {guards.max_prune} may be"
        yield _Tripped(Guard.MAX_PRUNE, problem, guards.is_overridden(Guard.MAX_PRUNE))


def _by_object(pruned: Iterable[ObjectId], guards: Guards) -> Iterable[_Tripped]:
    for object_id in pruned:
        pattern = next((item for item in guards.protected if is_meant(object_id, item)), None)
        if pattern is not None:
            problem = f"it would be deleted, and '{pattern}' is protected"
            yield _Tripped(Guard.PROTECTED, problem, guards.is_overridden(Guard.PROTECTED, object_id), object_id)


def _objects(number: int) -> str:
    return "1 object" if number == 1 else f"{number} objects"


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text else text
