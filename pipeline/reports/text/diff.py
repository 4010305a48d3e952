"""A diff for people: counts first, then what is deleted, then the rest, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.plan import Action, Change, FieldChange
from pipeline.reports.text.alike import Alike, gather
from pipeline.reports.text.fields import field_lines
from pipeline.reports.text.values import Paint, printable

_SIGNS = {
    Action.PRUNE: ("-", "delete", "red+bold"),
    Action.RECREATE: ("±", "delete and create anew", "red+bold"),
    Action.CREATE: ("+", "create", "green+bold"),
    Action.CONFIGURE: ("~", "configure", "yellow+bold"),
    Action.SKIP: ("·", "skip", "dim"),
}
_ORDER = tuple(_SIGNS)
_NAMED = 12
"""So many objects are named that change alike."""


def render(result: DiffResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(printable_lines(result, Paint(color))) + "\n"


def printable_lines(result: DiffResult, paint: Paint, reach: Iterable[str] = ()) -> Iterator[str]:
    """Every line of the report; ``reach`` stands between what would be refused and the changes."""
    yield f"{_side(result.before, paint)} {paint('dim', '→')} {_side(result.after, paint)}"
    yield _counts(result, paint)
    for note in result.notes:
        yield paint("dim", printable(f"note: {note}"))
    yield from _obstacles(result.obstacles, paint)
    yield from reach
    # The old half of a rename is told with its new half.
    shown = [change for change in result.plan.changes if change.action in _SIGNS and change.renamed_to is None]
    alike, shown = ([], shown) if result.is_full else gather(shown)
    shown.sort(key=_rank)
    first = sum(_rank(change) < _ORDER.index(Action.CONFIGURE) for change in shown)
    yield from _changes(shown[:first], paint, is_full=result.is_full)
    for group in alike:
        yield from _alike(group, paint)
    yield from _changes(shown[first:], paint, is_full=result.is_full)


def _rank(change: Change) -> int:
    return _ORDER.index(change.action) if change.renamed_from is None else len(_ORDER)


def _side(side: Side, paint: Paint) -> str:
    text = paint("bold", printable(side.name))
    if side.artifact is not None and side.artifact.digest not in side.name:
        text += paint("dim", f" ({side.artifact.digest.removeprefix('sha256:')[:12]})")
    return text


def _counts(result: DiffResult, paint: Paint) -> str:
    plan = result.plan
    counted = (
        (plan.count(Action.CREATE) - plan.renames, "to create", "green+bold"),
        (plan.count(Action.CONFIGURE), "to configure", "yellow+bold"),
        (plan.count(Action.RECREATE), "to recreate", "red+bold"),
        (plan.count(Action.PRUNE) - plan.replaced, "to delete", "red+bold"),
        (plan.renames, "renamed", "cyan+bold"),
        (plan.count(Action.SKIP), "skipped", "dim"),
    )
    parts = [paint(style, f"{number} {what}") for number, what, style in counted if number]
    unchanged = f"{plan.unchanged} unchanged"
    return ", ".join([*parts, unchanged]) if parts else f"No differences, {unchanged}"


def _obstacles(obstacles: tuple[Obstacle, ...], paint: Paint) -> Iterator[str]:
    if not obstacles:
        return
    yield ""
    yield paint("red+bold", "Applying this would be refused:")
    for hint in dict.fromkeys(obstacle.hint for obstacle in obstacles):
        for obstacle in obstacles:
            if obstacle.hint == hint:
                yield paint("red", "! ") + printable(f"{obstacle.subject}: {obstacle.problem}")
        if hint:
            yield paint("dim", printable(f"  {hint}"))


def _alike(group: Alike, paint: Paint) -> Iterator[str]:
    sign, verb, style = _SIGNS[Action.CONFIGURE]
    yield ""
    yield f"{paint(style, f'{sign} {verb}')} {paint('bold', f'{len(group.changes)} objects alike')}"
    yield from _fields(group.fields, paint, is_full=False)
    yield from naming([change.object_id for change in group.changes], "in ", paint)


def naming(objects: Sequence[ObjectId], word: str, paint: Paint) -> Iterator[str]:
    """The first of many objects, each behind the word, and how many more there are."""
    for object_id in objects[:_NAMED]:
        yield paint("dim", f"      {word}{printable(str(object_id))}")
    if len(objects) > _NAMED:
        yield paint("dim", f"      … and {len(objects) - _NAMED} more (--full shows them)")


def _changes(changes: list[Change], paint: Paint, *, is_full: bool) -> Iterator[str]:
    """One after the other; those of one kind that have nothing more to tell stand together without blank lines."""
    together: Action | None = None
    for change in changes:
        is_short = not change.fields and change.renamed_from is None
        if not is_short or change.action is not together:
            yield ""
        together = change.action if is_short else None
        yield from _change(change, paint, is_full=is_full)


def _change(change: Change, paint: Paint, *, is_full: bool) -> Iterator[str]:
    sign, verb, style = _SIGNS[change.action]
    name = printable(str(change.object_id))
    if change.renamed_from is not None:
        sign, verb, style = "»", "rename", "cyan+bold"
        name = f"{printable(str(change.renamed_from))} → {printable(change.object_id.name)}"
    origin = paint("dim", f"  {printable(str(change.origin))}") if change.origin else ""
    reason = paint("dim", f"  ({printable(change.reason)})") if change.reason else ""
    yield f"{paint(style, f'{sign} {verb}')} {paint('bold', name)}{origin}{reason}"
    yield from _fields(change.fields, paint, is_full=is_full)


def _fields(fields: tuple[FieldChange, ...], paint: Paint, *, is_full: bool) -> Iterator[str]:
    if any(field.is_drift for field in fields):
        yield f"    {paint('yellow', 'drifted: the cluster has other values than were applied')}"
    for field in fields:
        yield from ("    " + line for line in field_lines(field, paint, is_full=is_full))
