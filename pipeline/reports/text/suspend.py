"""``SuspendResult`` as lines."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.outcome.suspend import SuspendResult, SwitchedObject


def render(result: SuspendResult, *, color: bool) -> str:
    """One line per object."""
    del color
    return "".join(switched_lines(result.objects, "suspended"))


def switched_lines(objects: Sequence[SwitchedObject], done: str) -> list[str]:
    """A line for each, with its line break."""
    return [
        f"{item.resource_type.kind} {item.key} {done if item.is_changed else f'was {done} already'}\n"
        for item in objects
    ]
