"""The same change in many objects, such as a new label on everything, is worth telling once; so is a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.model.plan import Action, Change, FieldChange
from pipeline.model.planning.blast_radius import Touched

_ENOUGH = 4
"""In fewer objects a repetition is easier to read than a summary."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Fields that change in the same way in each of these objects."""

    fields: tuple[FieldChange, ...]
    changes: tuple[Change, ...]


def gather(changes: Sequence[Change]) -> tuple[list[Alike], list[Change]]:
    """What many objects have in common, largest group first, and the changes with only what is left of them.

    Only configured objects count. Hidden values are never alike: nobody may know whether they are.
    """
    places: dict[str, list[int]] = defaultdict(list)
    samples: dict[str, FieldChange] = {}
    for index, change in enumerate(changes):
        for field in change.fields if change.action is Action.CONFIGURE else ():
            if not field.is_sensitive:
                key = repr(field)
                samples[key] = field
                places[key].append(index)
    groups: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for key, indices in places.items():
        if len(indices) >= _ENOUGH:
            groups[tuple(indices)].append(key)
    shared = {key for keys in groups.values() for key in keys}
    if not shared:
        return [], list(changes)
    alike = [
        Alike(tuple(samples[key] for key in keys), tuple(changes[index] for index in indices))
        for indices, keys in sorted(groups.items(), key=lambda group: -len(group[0]))
    ]
    return alike, [left for change in changes if (left := _without(change, shared)) is not None]


def gather_touched(items: Sequence[Touched]) -> list[tuple[Touched, ...]]:
    """Those that are touched for the same reason together, where they are many; largest group first."""
    reasons: dict[str, list[Touched]] = defaultdict(list)
    for item in items:
        reasons[item.reason].append(item)
    groups = [tuple(group) for group in reasons.values() if len(group) >= _ENOUGH]
    alone = [(item,) for item in items if len(reasons[item.reason]) < _ENOUGH]
    return [*sorted(groups, key=lambda group: -len(group)), *alone]


def _without(change: Change, shared: set[str]) -> Change | None:
    """The change without its shared fields; ``None`` where nothing else happens to the object."""
    if change.action is not Action.CONFIGURE or not change.fields:
        return change
    fields = tuple(field for field in change.fields if field.is_sensitive or repr(field) not in shared)
    return replace(change, fields=fields) if fields or change.reason else None
