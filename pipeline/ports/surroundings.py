"""The talk, the time and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Reporter(Protocol):
    """The talk on stderr: never results, never secrets."""

    def info(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - fields are whatever a log line may carry
        """Something a user wants to know."""
        ...

    def detail(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - the same
        """Something only ``-v`` shows."""
        ...

    def warn(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - the same
        """Something that deserves attention though it goes on."""
        ...

    def progress(self, label: str, done: int, total: int) -> None:
        """How far a long step is; shown on a terminal only."""
        ...


class Clock(Protocol):
    """Time, so that tests need not wait."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


Environment = Mapping[str, str]
"""The process's environment variables, handed down so that nothing below the command line reads them by itself."""
