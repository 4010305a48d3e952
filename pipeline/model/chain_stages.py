"""The stages of ``gitless run``, and which of them a part of the chain consists of."""

from __future__ import annotations

from typing import Final

PUBLISHING_STAGES: Final = ("package", "sign", "attest")
CLUSTER_STAGES: Final = ("diff", "apply", "verify")
IMAGE: Final = "image"
VALIDATE: Final = "validate"
STAGES: Final = (IMAGE, "build", VALIDATE, *PUBLISHING_STAGES, *CLUSTER_STAGES)
_DOORS: Final = ("package", "apply")


def span(first: str, last: str) -> tuple[str, ...]:
    """The stages from one to another, both included."""
    return STAGES[STAGES.index(first) : STAGES.index(last) + 1]


def guarded(stages: tuple[str, ...]) -> tuple[str, ...]:
    """The stages with validation in them: whatever part of the chain publishes or applies validates first."""
    door = next((stage for stage in _DOORS if stage in stages), None)
    if door is None or VALIDATE in stages:
        return stages
    at = stages.index(door)
    return (*stages[:at], VALIDATE, *stages[at:])
