"""Whether an artifact is older than what it would replace: by when both were signed, or else were made."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.documents.times import format_time, parse_time
from pipeline.model.trust.replay import REPLAY, Succession, check_not_older

_HINT = "if the older one is wanted there, say so with --allow-rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """When an artifact came to be, in seconds since the epoch.

    Attributes:
        digest: of the artifact; empty where there is none.
        issued_at: when it was first signed by those whom the policy believes; ``None`` where nobody says.
        created: what its own annotation says; ``None`` where that says nothing, or the epoch.
    """

    digest: str = ""
    issued_at: float | None = None
    created: float | None = None


def created_at(text: str) -> float | None:
    """The time of an annotation; the epoch, by which gitless makes builds reproducible, is none."""
    try:
        return parse_time(text) or None
    except ConfigurationError:
        return None


def check_order(new: Age, there: Age, *, allow_rollback: bool) -> Succession:
    """Refuse what is older than what is there. Signatures count; where one has no time, what both manifests say.

    Raises:
        TrustError: it is older, and nobody asked for that.
    """
    is_signed = new.issued_at is not None and there.issued_at is not None
    if is_signed or new.created is None or there.created is None or new.digest == there.digest:
        return check_not_older(
            new.issued_at,
            there.issued_at,
            new_digest=new.digest,
            recorded_digest=there.digest,
            allow_rollback=allow_rollback,
            hint=_HINT,
        )
    if new.created >= there.created:
        return Succession()
    order = (
        f"{new.digest} was made at {format_time(new.created)}, before {there.digest}, which is there and was made at"
        f" {format_time(there.created)}"
    )
    if not allow_rollback:
        raise TrustError(order, hint=_HINT, code=REPLAY)
    return Succession(is_rollback=True, note=f"rolled back on request: {order}")
