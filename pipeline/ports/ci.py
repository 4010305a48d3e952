"""The CI that a pipeline runs in, seen through what it can be told."""

from __future__ import annotations

from typing import Protocol

from pipeline.model.telling import Told


class Presence(Protocol):
    """Tells a CI what a stage did; not being able to tell is worth a warning and never fails the stage."""

    name: str
    """``none``, ``github``, ``gitlab`` or ``tekton``."""

    def begin(self, stage: str) -> None:
        """Fold what is logged from here on under the stage's name; what was folded before ends."""
        ...

    def tell(self, told: Told) -> None:
        """Write summary, annotations, outputs and comment, as far as this CI has them and rights allow."""
        ...

    def end(self) -> None:
        """Fold nothing more."""
        ...

    def shielded(self, text: str) -> str:
        """The text as it may be logged here: nothing in it is taken for a command to this CI."""
        ...
