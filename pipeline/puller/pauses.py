"""How long a watch rests after a failure."""

from __future__ import annotations

from enum import Enum, auto

FIRST, LONGEST = 0.5, 10.0
"""Seconds. One puller watches a handful of kinds: a server that is away is no worse off for being asked this often,
and whatever happened meanwhile is noticed soon after it is back."""


class Trouble(Enum):
    """Why a try brought nothing."""

    AWAY = auto()
    STARTING = auto()
    EXPIRED = auto()

    @classmethod
    def told_by(cls, message: str) -> Trouble:
        """What an error's text says: a server that has just started, or just got a definition, is not ready yet."""
        is_starting = any(text in message for text in _NOT_READY_YET)
        return cls.STARTING if is_starting else cls.AWAY


_NOT_READY_YET = ("storage is (re)initializing", "before all known HTTP paths have been installed")


class Pauses:
    """Failures in a row, each reason counted by itself: a server that answers differently is on its way back."""

    def __init__(self, first: float = FIRST) -> None:
        self._first = first
        self._failures = 0
        self._trouble: Trouble | None = None

    def failed(self, trouble: Trouble) -> None:
        """Count one more."""
        self._failures = self._failures + 1 if trouble is self._trouble else 1
        self._trouble = trouble

    def succeeded(self) -> None:
        """Start anew."""
        self._failures = 0

    @property
    def seconds(self) -> float:
        """Nothing after a success, and twice as long with every failure in a row."""
        return min(LONGEST, self._first * 2.0 ** min(self._failures - 1, 10)) if self._failures else 0.0
