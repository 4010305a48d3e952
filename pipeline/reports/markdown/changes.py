"""Changes as items and sections: deletions first, what has details folded away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action, Change, FieldChange, Plan
from pipeline.reports.markdown.document import Item, Section
from pipeline.reports.markdown.escaping import code, fenced, html_code, prose
from pipeline.reports.markdown.fields import diff_lines
from pipeline.reports.text.alike import Alike, gather

Words = Mapping[Action, tuple[str, str]]
"""For each action the words behind a number, and the title of a section; the order is that of the report."""

TO_DO: Words = {
    Action.PRUNE: ("to delete", "To delete"),
    Action.RECREATE: ("to recreate", "To delete and create anew"),
    Action.CREATE: ("to create", "To create"),
    Action.CONFIGURE: ("to configure", "To configure"),
    Action.SKIP: ("skipped", "Skipped"),
}
DONE: Words = {
    Action.PRUNE: ("deleted", "Deleted"),
    Action.RECREATE: ("recreated", "Deleted and created anew"),
    Action.CREATE: ("created", "Created"),
    Action.CONFIGURE: ("configured", "Configured"),
    Action.SKIP: ("left alone", "Left alone"),
}
_NAMED = 20
"""So many objects are named that change alike."""


def counted(plan: Plan, words: Words) -> str:
    """The headline's numbers; a renamed object counts once."""
    fewer = {Action.CREATE: plan.renames, Action.PRUNE: plan.replaced}
    numbers = {action: plan.count(action) - fewer.get(action, 0) for action in words}
    parts = [f"{number} {words[action][0]}" for action, number in numbers.items() if number]
    parts += [f"{plan.renames} renamed"] if plan.renames else []
    return ", ".join(parts)


def sections(
    changes: Iterable[Change], words: Words, *, is_whole: bool, reach: Iterable[Section] = ()
) -> Iterator[Section]:
    """One for each action, and before what is configured what many objects have in common.

    ``reach`` stands behind what is deleted.
    """
    # The old half of a rename is told with its new half.
    shown = [change for change in changes if change.action in words and change.renamed_to is None]
    alike, shown = ([], shown) if is_whole else gather(shown)
    for action, (_, name) in words.items():
        if action is Action.CREATE:
            yield from reach
        if action is Action.CONFIGURE:
            yield Section("Alike in many objects", [_alike_item(group, is_whole=is_whole) for group in alike])
        found = [change for change in shown if change.action is action and change.renamed_from is None]
        yield Section(name, items(found, is_whole=is_whole))
    renamed = [change for change in shown if change.renamed_from is not None]
    yield Section("Renamed", items(renamed, is_whole=is_whole))


def items(changes: Iterable[Change], *, is_whole: bool) -> list[Item]:
    """Those without details first, as lines of a list."""
    made = [_item(change, is_whole=is_whole) for change in changes]
    return sorted(made, key=lambda item: item.details is not None)


def folded(summary: str, *parts: str) -> str:
    """Parts that show when the summary (HTML) is clicked."""
    body = "\n\n".join(part for part in parts if part)
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def naming(objects: Sequence[ObjectId], *, is_whole: bool) -> str:
    """A list of objects: all, or the first of them and how many more there are."""
    shown = objects if is_whole else objects[:_NAMED]
    names = [f"- {code(str(object_id))}" for object_id in shown]
    names += [f"- and {len(objects) - len(shown)} more"] if len(objects) > len(shown) else []
    return "\n".join(names)


def _item(change: Change, *, is_whole: bool) -> Item:
    name = str(change.object_id)
    if change.renamed_from is not None:
        name = f"{change.renamed_from} → {change.object_id.name}"
    origin = f" in {code(str(change.origin))}" if change.origin else ""
    reason = f": {prose(change.reason)}" if change.reason else ""
    line = f"- {code(name)}{origin}{reason}"
    if not change.fields:
        return Item(line)
    fields = f"{len(change.fields)} field{'s' if len(change.fields) > 1 else ''}"
    place = f" in {html_code(str(change.origin))}" if change.origin else ""

    def details() -> str:
        return folded(
            f"{html_code(name)}{place}, {fields}",
            f"Why: {prose(change.reason)}" if change.reason else "",
            _drift(change.fields),
            fenced(diff_lines(change.fields, is_whole=is_whole), "diff"),
        )

    return Item(line, details)


def _drift(fields: Sequence[FieldChange]) -> str:
    return "The cluster has other values than were applied." if any(field.is_drift for field in fields) else ""


def _alike_item(group: Alike, *, is_whole: bool) -> Item:
    def details() -> str:
        return folded(
            f"{len(group.changes)} objects, {len(group.fields)} field{'s' if len(group.fields) > 1 else ''}",
            fenced(diff_lines(group.fields, is_whole=is_whole), "diff"),
            naming([change.object_id for change in group.changes], is_whole=is_whole),
        )

    return Item(f"- {len(group.changes)} objects change alike", details)
