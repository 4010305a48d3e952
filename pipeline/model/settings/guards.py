"""What settings and options say about guards; the nearer word wins, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.applying.guards import DEFAULT_LIMIT, DEFAULT_PROTECTED, Guards, PruneLimit, check_override
from pipeline.model.object_pattern import check_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """Guards as they are written: ``max_prune`` as ``5`` or ``25%``; ``None`` leaves the word to who is further away.

    ``overrides`` come from options alone: what is overridden for ever guards nothing.
    """

    max_prune: str | None = None
    protect: tuple[str, ...] | None = None
    overrides: tuple[str, ...] = ()

    def over(self, further: GuardSettings) -> GuardSettings:
        """These, and what they leave open from the others."""
        return GuardSettings(
            max_prune=further.max_prune if self.max_prune is None else self.max_prune,
            protect=further.protect if self.protect is None else self.protect,
            overrides=(*self.overrides, *further.overrides),
        )

    def guards(self) -> Guards:
        """The guards themselves, with defaults for what nobody said.

        Raises:
            UsageError: something cannot be read.
        """
        protected = DEFAULT_PROTECTED if self.protect is None else self.protect
        return Guards(
            max_prune=DEFAULT_LIMIT if self.max_prune is None else PruneLimit.parse(self.max_prune),
            protected=tuple(check_pattern(pattern) for pattern in protected if pattern != "none"),
            overrides=tuple(check_override(text) for text in self.overrides),
        )


def read_guards(item: Mapping[str, Any]) -> GuardSettings:
    """``guards`` of ``gitless.yaml``, as its schema allows it.

    Raises:
        ConfigurationError: a limit is none, or a pattern names no objects.
    """
    protect, limit = item.get("protect"), item.get("maxPrune")
    given = GuardSettings(
        max_prune=None if limit is None else str(limit), protect=None if protect is None else tuple(protect)
    )
    try:
        given.guards()
    except UsageError as error:
        raise ConfigurationError(f"'guards': {error.message}", hint=error.hint) from None
    return given
