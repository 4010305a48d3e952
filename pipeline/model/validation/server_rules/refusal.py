"""What an API server refuses although the kind's schema allows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.model.validation.field_paths import Steps


@dataclass(frozen=True, slots=True)
class Refusal:
    """One field that an API server refuses: either ``problem`` says why, or ``value`` is not what was ``expected``.

    ``value`` is also there beside a ``problem`` that depends on it, so that whoever knows it to change can tell.

    ``hint`` is what to do about it; ``is_missing``: the field has to be there.
    """

    steps: Steps
    problem: str = ""
    value: Any = None
    expected: str = ""
    hint: str = ""
    is_missing: bool = False


def missing(*steps: str | int, hint: str = "") -> Refusal:
    """A field that has to be there."""
    return Refusal(steps, "is missing", hint=hint, is_missing=True)
