"""Replay: an old artifact keeps its good signature for ever, so whoever may push could offer it again as news.

What is offered is compared with what is on record by when both were first signed. Where either time is unknown there is
nothing to compare, which is said and not refused: signatures made by keys need not tell a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import TrustError
from pipeline.model.documents.times import format_time

REPLAY = "trust.replay"


@dataclass(frozen=True, slots=True)
class Succession:
    """How what is offered follows what is on record; ``note`` says what a person should know, if anything."""

    is_rollback: bool = False
    note: str = ""


def check_not_older(
    new: float | None,
    recorded: float | None,
    *,
    new_digest: str,
    recorded_digest: str,
    allow_rollback: bool = False,
    hint: str = "if the older one is wanted back, say so with --allow-rollback",
) -> Succession:
    """Refuse what was signed before that which is on record; times in seconds since the epoch, UTC.

    The same digest, and anything after nothing (``recorded_digest`` is empty), is no replay.

    Raises:
        TrustError: it is older, and nobody asked for a rollback.
    """
    if not recorded_digest or new_digest == recorded_digest:
        return Succession()
    if new is None or recorded is None:
        silent = new_digest if new is None else recorded_digest
        return Succession(note=f"nothing says when {silent} was signed, so a rollback could not be told from an update")
    if new >= recorded:
        return Succession()
    order = (
        f"{new_digest} was signed at {format_time(new)}, "
        f"before {recorded_digest}, which is on record and was signed at {format_time(recorded)}"
    )
    if not allow_rollback:
        raise TrustError(order, hint=hint, code=REPLAY)
    return Succession(is_rollback=True, note=f"rolled back on request: {order}")
