"""Changes of objects as items of the page: what is deleted first, as in every other format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome.diff import Side
from pipeline.model.plan import Action, Change, Plan
from pipeline.reports.html.page import Facts, Item, Section, ShownField, SideCard, Style, Tile
from pipeline.reports.html.values import shown

RENAME = "rename"
DRIFT = "drift"
_ORDER = (Action.PRUNE, Action.RECREATE, Action.CREATE, Action.CONFIGURE, RENAME, Action.SKIP)
_RENAMED = "Generated objects whose content changed, and so the hash in their name."
_MOST_TEXT = 40_000_000
"""Characters of all fields together."""
_LEFT_OUT = ("Fields", "left out, for the page would be too large; the JSON report has them")
_NAMED = 5
"""So many fields are named in an item's line."""
_LONGEST_PART = 120
_LAST_PART = re.compile(r"[^.\[\]]*(?:\[[^\]]*\])*$")


@dataclass(frozen=True, slots=True)
class Wording:
    """How a report speaks of changes: of what would come, or of what was done."""

    styles: tuple[Style, ...]
    sections: tuple[Section, ...]
    labels: tuple[str, ...]


PENDING = Wording(
    styles=(
        Style("\N{MINUS SIGN}", "delete", "bad"),
        Style("±", "recreate", "bad"),
        Style("+", "create", "good"),
        Style("~", "configure", "warn"),
        Style("»", "rename", "info"),
        Style("·", "skip", "quiet"),
    ),
    sections=(
        Section("To delete"),
        Section("To delete and create anew"),
        Section("To create"),
        Section("To configure"),
        Section("To replace under a new name", _RENAMED),
        Section("Left alone"),
    ),
    labels=("to delete", "to recreate", "to create", "to configure", "renamed", "left alone"),
)
DONE = Wording(
    styles=(
        Style("\N{MINUS SIGN}", "deleted", "bad"),
        Style("±", "recreated", "bad"),
        Style("+", "created", "good"),
        Style("~", "configured", "warn"),
        Style("»", "renamed", "info"),
        Style("·", "skipped", "quiet"),
    ),
    sections=(
        Section("Deleted"),
        Section("Deleted and created anew"),
        Section("Created"),
        Section("Configured"),
        Section("Replaced under a new name", _RENAMED),
        Section("Left alone"),
    ),
    labels=("deleted", "recreated", "created", "configured", "renamed", "left alone"),
)


def change_items(changes: Iterable[Change]) -> tuple[Item, ...]:
    """In the order of their sections; the old half of a rename is told with its new half.

    Where a page would become too large for a browser, items beyond that come without their fields, and say so.
    """
    told = [change for change in changes if change.action is not Action.UNCHANGED and change.renamed_to is None]
    items = []
    room = _MOST_TEXT
    for item in sorted(map(_item, told), key=lambda item: item.section):
        room -= sum(len(field.path) + len(field.before or "") + len(field.after or "") for field in item.fields)
        items.append(item if room >= 0 else replace(item, fields=(), facts=(*item.facts, _LEFT_OUT)))
    return tuple(items)


def change_tiles(plan: Plan, wording: Wording) -> tuple[Tile, ...]:
    """A tile for every action that occurs, and one for what stays as it is."""
    replaced = sum(change.renamed_to is not None for change in plan.changes)
    counts = {action: plan.count(action) for action in Action}
    counts[Action.PRUNE] -= replaced
    counts[Action.CREATE] -= plan.renames
    numbers = [plan.renames if action == RENAME else counts[Action(action)] for action in _ORDER]
    tiles = [
        Tile(str(action), label, number, style.tone)
        for action, label, number, style in zip(_ORDER, wording.labels, numbers, wording.styles, strict=True)
        if number
    ]
    drifted = sum(any(field.is_drift for field in change.fields) for change in plan.changes)
    if drifted:
        tiles.append(Tile(DRIFT, "drifted", drifted, "warn"))
    return (*tiles, Tile("", "unchanged", plan.unchanged, "quiet"))


def fields_in_words(fields: tuple[ShownField, ...]) -> str:
    """How many fields differ, and the first of them."""
    if not fields:
        return ""
    # Keys in brackets, such as labels, are long and rarely what a change is about.
    names = sorted(dict.fromkeys(_last_part(field.path) for field in fields), key=lambda name: "[" in name)
    named = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return f"{len(fields)} field{'s' if len(fields) > 1 else ''}: {named}"


def _last_part(path: str) -> str:
    """``image`` of ``spec.template.spec.containers[name=web].image``; of a list's item, the list with it."""
    found = _LAST_PART.search(path[-_LONGEST_PART:])
    return found[0] if found else path[-_LONGEST_PART:]


def side_card(label: str, side: Side) -> SideCard:
    """A side with everything that is known about it."""
    facts = artifact_facts(side.artifact, side.source, side.revision)
    # A side is mostly named by its repository already.
    return SideCard(label, side.name, tuple(fact for fact in facts if fact[1] not in side.name))


def artifact_facts(artifact: PinnedReference | None, source: str, revision: str) -> Facts:
    """Where something came from; what is not known is left out."""
    facts = (
        ("Repository", str(artifact.repository) if artifact else ""),
        ("Digest", artifact.digest if artifact else ""),
        ("Source", source),
        ("Revision", revision),
    )
    return tuple((name, value) for name, value in facts if value)


def _note(change: Change, fields: tuple[ShownField, ...]) -> str:
    if change.renamed_from is not None:
        return f"was {change.renamed_from.name}"
    return change.reason or (fields_in_words(fields) if change.action is not Action.CREATE else "")


def _item(change: Change) -> Item:
    action = RENAME if change.renamed_from is not None else change.action
    place = _ORDER.index(action)
    fields = tuple(map(shown, change.fields))
    facts = [("API version", change.api_version)]
    if change.renamed_from is not None:
        facts.append(("Replaces", str(change.renamed_from)))
    if change.reason:
        facts.append(("Why", change.reason))
    return Item(
        section=place,
        style=place,
        tags=(str(action), *([DRIFT] if any(field.is_drift for field in change.fields) else [])),
        object_id=change.object_id,
        note=_note(change, fields),
        place=str(change.origin) if change.origin else "",
        facts=tuple(facts),
        fields=fields,
    )
