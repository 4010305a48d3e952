"""A created object for people."""

from __future__ import annotations

from pipeline.model.outcome.create import CreateResult
from pipeline.model.plan import Action
from pipeline.reports.text.values import Paint, printable

_WORDS = {Action.CREATE: ("created", "green"), Action.CONFIGURE: ("updated", "yellow")}


def render(result: CreateResult, *, color: bool) -> str:
    """What was done, and the revision where there is one; ends with a newline."""
    word, style = _WORDS.get(result.action, ("unchanged", "dim"))
    ready = f", ready at {printable(result.revision)}" if result.revision else ", ready" if result.ready else ""
    return f"{Paint(color)(style, word)} {printable(str(result.object_id))}{ready}\n"
