"""Why a reconciliation ends early: the reason that goes into the conditions, and when to try again."""

from __future__ import annotations

from pipeline.errors import PipelineError, RefusedError

LED = "refused.led"
"""The code of the error of a process that must not write any more."""


def led_by_another() -> RefusedError:
    """Another puller leads now."""
    return RefusedError("another puller leads now, and this one must not write any more", code=LED)


class StopError(PipelineError):
    """This Kustomization cannot go on now.

    Attributes:
        reason: of the Ready condition.
        is_final: whether only a change by somebody helps (the Stalled condition).
        retry_after: seconds, or ``None`` for the Kustomization's own retry interval.
        is_waiting: whether it merely waits for others, which is nothing to warn about.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        is_final: bool = False,
        retry_after: float | None = None,
        is_waiting: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.is_final = is_final
        self.retry_after = retry_after
        self.is_waiting = is_waiting
