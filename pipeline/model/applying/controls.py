"""What an object itself asks of whoever applies it: Flux's controls, read from labels or annotations.

Values are case-insensitive (flux pkg/ssa/utils/meta.go). ``reconcile`` counts on the desired and on the live object,
``ssa`` on the desired one and, where it says Ignore, on the live one too, ``prune`` on the live one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "kustomize.toolkit.fluxcd.io/"


@dataclass(frozen=True, slots=True)
class Controls:
    """The controls of one object, lower-cased; empty where it has none."""

    ssa: str = ""
    force: str = ""
    prune: str = ""
    reconcile: str = ""

    @property
    def overrides(self) -> bool:
        """Whether the object asks for its fields to be taken from other managers."""
        return self.ssa == "override"

    @property
    def recreates(self) -> bool:
        """Whether the object may be deleted and created anew for the sake of an immutable field."""
        return self.force == "enabled"


def controls_of(metadata: Mapping[str, Any]) -> Controls:
    """Read the controls; a label wins over an annotation of the same name."""
    marks = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}
    return Controls(*(str(marks.get(PREFIX + name, "")).lower() for name in ("ssa", "force", "prune", "reconcile")))


def reason_to_skip(desired: Controls, live: Controls | None) -> str:
    """Why the object must not be applied, or an empty text; ``live`` is ``None`` where there is no live object."""
    for where, controls in (("the manifest", desired), ("the live object", live)):
        if controls is None:
            continue
        if controls.reconcile == "disabled":
            return f"{where} says {PREFIX}reconcile: disabled"
        if controls.ssa == "ignore":
            return f"{where} says {PREFIX}ssa: Ignore"
    if live is not None and desired.ssa == "ifnotpresent":
        return f"it exists, and the manifest says {PREFIX}ssa: IfNotPresent"
    return ""


def reason_to_keep(live: Controls) -> str:
    """Why the live object must not be pruned, or an empty text."""
    if live.prune == "disabled":
        return f"the live object says {PREFIX}prune: disabled"
    if live.reconcile == "disabled":
        return f"the live object says {PREFIX}reconcile: disabled"
    if live.ssa == "ignore":
        return f"the live object says {PREFIX}ssa: Ignore"
    return ""
