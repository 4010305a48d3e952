"""The one error of the test platform."""

from __future__ import annotations


class PlatformError(Exception):
    """Something the platform needs is missing or failed; ``hint`` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\n  {hint}" if hint else message)
        self.hint = hint
