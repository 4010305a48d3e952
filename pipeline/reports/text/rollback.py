"""``RollbackResult`` as text."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.outcome.rollback import RollbackResult
from pipeline.model.promotion.lock import TagLock

_WIDTH = 300


def render(result: RollbackResult, *, color: bool) -> str:
    """Where the tag is now and since when it is held there, or that it is free again."""
    del color
    return "".join(f"{line}\n" for line in (_released(result) if result.is_release else _rolled_back(result)))


def lock_in_words(lock: TagLock) -> str:
    """A lock on one line; safe to print."""
    released = f", released by {printable(lock.released_by, _WIDTH)} at {format_time(int(lock.released_at))}"
    return f"{lock.tag} locked {lock.told()}" + ("" if lock.is_in_force else released)


def _released(result: RollbackResult) -> Iterator[str]:
    name = f"{result.target.repository}:{result.target.tag}"
    if not result.is_changed:
        yield f"{name} is not locked"
        return
    yield f"Released {name}, which is at {result.target.digest}"
    if result.lock is not None:
        yield f"  was {lock_in_words(result.lock)}"


def _rolled_back(result: RollbackResult) -> Iterator[str]:
    would = result.is_dry_run
    name = f"{result.target.repository}:{result.target.tag}"
    if result.is_changed:
        yield f"{'Would roll back' if would else 'Rolled back'} {name}"
        yield f"  from {result.previous}"
        yield f"  to   {result.target.digest} ({printable(result.because, _WIDTH)})"
    else:
        yield f"{name} is at {result.target.digest} already"
    yield f"  signed by: {printable(', '.join(result.verified_by), _WIDTH) or 'nobody was asked'}"
    if result.statement_digest:
        yield f"  signed statement of the rollback in {result.statement_digest}"
    if result.lock is not None and result.lock.is_in_force:
        yield f"  {'would be ' if would else ''}{lock_in_words(result.lock)}"
        yield f"  to let it move again: gitless rollback {name} --release"
    else:
        yield "  it is not locked: the next publication moves it on"
    for note in result.notes:
        yield f"  note: {printable(note, _WIDTH)}"
