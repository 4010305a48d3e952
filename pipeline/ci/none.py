"""No CI, or one that is to be told nothing."""

from __future__ import annotations

from pipeline.model.telling import Told


class NoPresence:
    """Tells nobody anything."""

    name = "none"

    def begin(self, stage: str) -> None:
        """Nothing."""

    def tell(self, told: Told) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""

    def shielded(self, text: str) -> str:
        """The text."""
        return text
