"""What ``gitless trust check`` found: which doors refuse what nobody trusted has signed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from pipeline.errors import VerificationError
from pipeline.model.outcome import header


class DoorOutcome(StrEnum):
    """What a door did."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    """Something else went wrong, which proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorTrial:
    """One artifact at one door; ``message`` is what the door said."""

    door: str
    artifact: str
    """What is wrong with the artifact: ``unsigned``, or who signed it."""
    digest_url: str
    outcome: DoorOutcome
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustCheckResult:
    """Every trial; ``left`` names what could not be deleted again, ``notes`` what the trials do not show."""

    kind: ClassVar[str] = "TrustCheckResult"

    policy: str
    """Where the policy is from; empty where there is none."""
    trials: tuple[DoorTrial, ...]
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_enforced(self) -> bool:
        """Whether every door refused everything."""
        return all(trial.outcome is DoorOutcome.REFUSED for trial in self.trials)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "policy": self.policy,
            "enforced": self.is_enforced,
            "trials": [
                {
                    "door": trial.door,
                    "artifact": trial.artifact,
                    "digestUrl": trial.digest_url,
                    "outcome": trial.outcome.value,
                    "code": trial.code,
                    "message": trial.message,
                }
                for trial in self.trials
            ],
            "left": list(self.left),
            "notes": list(self.notes),
        }


def require_enforced(result: TrustCheckResult) -> None:
    """End with an error unless every door refused.

    Raises:
        VerificationError: one accepted, or could not be tried.
    """
    open_doors = _doors(result, DoorOutcome.ACCEPTED)
    if open_doors:
        raise VerificationError(
            f"trust is not enforced: accepted what nobody trusted has signed: {open_doors}",
            hint="give them a policy: --trust-policy or --key, `trust` in gitless.yaml, spec.verify of the source",
            code="verification.trust-not-enforced",
        )
    if not result.is_enforced:
        raise VerificationError(
            f"it is not proved that trust is enforced: could not be tried: {_doors(result, DoorOutcome.UNKNOWN)}",
            code="verification.trust-not-proved",
        )


def _doors(result: TrustCheckResult, outcome: DoorOutcome) -> str:
    return ", ".join(dict.fromkeys(trial.door for trial in result.trials if trial.outcome is outcome))
