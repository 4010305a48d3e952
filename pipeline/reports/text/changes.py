"""What happened to single objects, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.model.plan import Action, Change
from pipeline.reports.text.values import Paint, printable

_WORDS = {
    Action.CREATE: ("created", "green"),
    Action.CONFIGURE: ("configured", "yellow"),
    Action.RECREATE: ("recreated", "red"),
    Action.PRUNE: ("deleted", "red"),
    Action.SKIP: ("left alone", "dim"),
}


def change_lines(changes: Iterable[Change], paint: Paint) -> Iterator[str]:
    """A line for every object that was not already as it should be."""
    for change in changes:
        if change.action is Action.UNCHANGED:
            continue
        word, style = _WORDS[change.action]
        reason = f"  ({printable(change.reason)})" if change.reason else ""
        yield f"{paint(style, f'{word:<10}')} {printable(str(change.object_id))}{paint('dim', reason)}"
