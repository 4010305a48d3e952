"""Gates: what manifests are held against before anybody may have them."""

from __future__ import annotations

from typing import Protocol

from pipeline.model.manifests import Manifests
from pipeline.model.validation.finding import Checked


class Gate(Protocol):
    """Holds manifests against one kind of rules."""

    name: str
    """One of :data:`pipeline.model.validation.options.GATES`."""

    def check(self, manifests: Manifests, previous: Manifests | None) -> Checked:
        """Everything that it objects to, and everything that it could not judge.

        ``previous`` is what was there before, where that is known. Severities and suppressions of the settings are
        applied by the stage, not here; those of annotations as well.

        Raises:
            ConfigurationError: the gate's own rules cannot be read, or the program that it needs is missing.
            ToolError: that program failed.
        """
        ...
