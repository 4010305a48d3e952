"""Whether a cluster's deploy record says that one very digest is healthy there, and for long enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.errors import RefusedError, VerificationError
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.documents.durations import format_duration
from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_age, format_time

NOT_HEALTHY = "verification.not-healthy"
TOO_YOUNG = "refused.min-age"
_WIDTH = 300
_NOBODY_LOOKED = "nobody has looked at its health: `gitless run` does, and so does a Kustomization that waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a deploy record said: healthy on that cluster ``since`` (seconds since the epoch)."""

    cluster: str
    inventory: str
    since: float
    signer: str
    record_digest: str

    def document(self) -> dict[str, Any]:
        """How results tell of it."""
        return {
            "cluster": self.cluster,
            "inventory": self.inventory,
            "since": format_time(self.since),
            "signer": self.signer,
            "recordDigest": self.record_digest,
        }


def require_healthy(name: DeployedName, record: DeployRecord, digest: str, *, now: float, min_age: float = 0.0) -> None:
    """Refuse unless the newest record of that inventory says so; times in seconds.

    Raises:
        VerificationError: another digest is there or none, it failed, or nobody looked at its health.
        RefusedError: it has not been healthy for ``min_age`` yet.
    """
    since = format_time(record.time)
    _require_standing(name, record)
    if record.digest != digest:
        raise VerificationError(
            f"{name} is to have {digest}, and has {record.digest} ({record.result.value}) since {since}",
            hint="promote what is there, or deliver it there first",
            code=NOT_HEALTHY,
        )
    if record.result is not Deployed.HEALTHY:
        why = f" ({printable(record.message, _WIDTH)})" if record.message else ""
        raise VerificationError(
            f"{digest} is not healthy on {name}: its deploy record of {since} says {record.result.value}{why}",
            hint=_NOBODY_LOOKED if record.result is Deployed.APPLIED else "see what is wrong there first",
            code=NOT_HEALTHY,
        )
    if now - record.time < min_age:
        raise RefusedError(
            f"{digest} is healthy on {name} since {since}, for {format_age(now - record.time)}; expected at least"
            f" {format_duration(min_age)}",
            hint=f"it may be promoted from {format_time(int(record.time + min_age) + 1)} on",
            code=TOO_YOUNG,
        )


def require_deployed(name: DeployedName, record: DeployRecord) -> None:
    """Refuse to take for the source what did not even get applied.

    Raises:
        VerificationError: the newest record is of a failure, or of the end of it.
    """
    _require_standing(name, record)
    if record.result is Deployed.FAILED:
        why = f" ({printable(record.message, _WIDTH)})" if record.message else ""
        raise VerificationError(
            f"what {name} was given last is {record.digest}, and that failed at {format_time(record.time)}{why}",
            hint="name the digest that is to be promoted",
            code=NOT_HEALTHY,
        )


def _require_standing(name: DeployedName, record: DeployRecord) -> None:
    if record.is_deleted:
        raise VerificationError(
            f"nothing is deployed as {name}: {record.inventory} was deleted at {format_time(record.time)}, and had"
            f" {record.digest}",
            hint="name another inventory, or the digest that is to be promoted",
            code=NOT_HEALTHY,
        )
