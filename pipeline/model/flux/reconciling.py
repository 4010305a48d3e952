"""Whether a reconciliation that was asked for has been handled, and how it ended.

A request is a value of the annotation ``reconcile.fluxcd.io/requestedAt``; it is handled once
``status.lastHandledReconcileAt`` has that value (pkg/apis/meta ``annotations.go``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.model.flux.attempts import describe, explain, failure
from pipeline.model.flux.views import AnyView
from pipeline.model.flux.waiting import State


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How far it is; ``message`` for people."""

    state: State
    message: str


def request_token(now: float) -> str:
    """A value for the annotation: RFC 3339 with nanoseconds, UTC, as the flux CLI writes it."""
    seconds, microseconds = divmod(round(now * 1_000_000), 1_000_000)  # a float tells no more of this century
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{microseconds:06d}000Z"


def judge_reconciliation(item: AnyView | None, token: str = "") -> Reconciliation:
    """Judge one look at the object; without a token only the spec as it is now has to be reconciled."""
    if item is None:
        return Reconciliation(State.FAILED, "it was deleted")
    if item.is_deleting:
        return Reconciliation(State.FAILED, "it is being deleted")
    if item.is_suspended:
        return Reconciliation(State.FAILED, "it was suspended")
    if token and not _is_handled(item, token):
        return Reconciliation(State.WAITING, f"not handled yet; {describe(item)}")
    failed = failure(item)
    if failed is not None and (token or item.generation in {failed.observed_generation, item.observed_generation}):
        return Reconciliation(State.FAILED, explain(failed))
    if item.ready == "True" and item.is_current:
        return Reconciliation(State.DELIVERED, item.message)
    return Reconciliation(State.WAITING, describe(item))


def _is_handled(item: AnyView, token: str) -> bool:
    # Somebody else may have asked after us; their request being handled means that ours is as well.
    return item.handled == token or (item.requested not in {"", token} and item.handled == item.requested)
