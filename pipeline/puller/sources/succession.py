"""Whether a verified artifact may follow the one that is served: not where that was signed later, unless asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.errors import TrustError
from pipeline.model.flux.api import ROLLBACK_ANNOTATION, SOURCE_VERIFIED
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.flux.trust_record import recorded_time, trust_record
from pipeline.model.manifests import Body
from pipeline.model.trust.replay import Succession as Replaced
from pipeline.model.trust.replay import check_not_older
from pipeline.puller.sources.choosing import Chosen
from pipeline.puller.sources.demands import Accepted, Demands
from pipeline.puller.sources.failing import VERIFICATION_ERROR, Again, SourceError
from pipeline.puller.sources.status import NewStatus

_ROLLED_BACK = "RolledBack"
_AGE_UNKNOWN = "AgeUnknown"


@dataclass(frozen=True, slots=True)
class Succession:
    """What to keep of the verification, and what to tell."""

    record: dict[str, str] = field(hash=False)
    events: tuple[ObjectEvent, ...] = ()


def accept(
    chosen: Chosen,
    accepted: Accepted,
    demands: Demands,
    status: NewStatus,
    body: Body,
    is_stated: Callable[[SourceArtifact], bool],
) -> Succession:
    """Let it follow.

    Who edits the spec, or names a digest in it, asks for exactly what it says, of whatever age. ``is_stated`` says
    whether whoever is believed has signed that one goes back from what is served; it is asked only where it matters.

    Raises:
        SourceError: it was signed before the one that is served, and nobody asked for it.
    """
    served = status.artifact
    before = recorded_time(served)
    is_asked_for = status.is_asked_anew or bool((body["spec"].get("ref") or {}).get("digest"))
    allowed = (body["metadata"].get("annotations") or {}).get(ROLLBACK_ANNOTATION) in {"true", chosen.digest}
    try:
        succession = check_not_older(
            accepted.issued_at,
            before,
            new_digest=chosen.digest,
            recorded_digest=served.manifest_digest if served is not None else "",
            allow_rollback=is_asked_for or allowed,
        )
    except TrustError as error:
        if served is None or not is_stated(served):
            raise _refused(error, chosen) from error
        succession = Replaced(is_rollback=True, note=f"rolled back as a signed statement asks: {error.message}")
    # What is never said to be verified is looked at again and again.
    is_known = not accepted.is_verified and served is not None and served.revision == chosen.revision
    events = [] if is_known else list(accepted.notes)
    if succession.is_rollback:
        events.append(ObjectEvent(Severity.INFO, _ROLLED_BACK, succession.note))
    issued_at = accepted.issued_at
    if issued_at is None and before is not None and not is_asked_for:
        # What tells no time must not make way for what is older than both.
        issued_at = before
        if succession.note:
            events.append(ObjectEvent(Severity.ERROR, _AGE_UNKNOWN, succession.note))
    return Succession(trust_record(issued_at=issued_at, policies=demands.digest), tuple(events))


def _refused(error: TrustError, chosen: Chosen) -> SourceError:
    return SourceError(
        f"{error.message}; to go back to it, sign the rollback (gitless rollback --signing-key), change spec.ref, or "
        f"annotate the OCIRepository with {ROLLBACK_ANNOTATION}={chosen.digest}",
        reason=VERIFICATION_ERROR,
        condition=SOURCE_VERIFIED,
        again=Again.AT_INTERVAL,
    )
