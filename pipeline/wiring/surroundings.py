"""The time, the writer, and CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.ports import (
    Clock,
    Environment,
    Expressions,
)

if TYPE_CHECKING:
    pass


def expressions() -> Expressions:
    """CEL."""
    from pipeline.expressions.cel import CelExpressions

    return CelExpressions()


def clock() -> Clock:
    """The machine's time."""
    from pipeline.clock import SystemClock

    return SystemClock()


def writer(environment: Environment) -> str:
    """Who runs this, for the inventory: the CI job's address, or ``user@host``."""
    from pipeline.environment import running_as

    return running_as(environment)
