"""``--status-selector``: objects by one of their conditions, as flux selects them."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.model.flux.views import AnyView


@dataclass(frozen=True, slots=True)
class StatusSelector:
    """``TYPE=STATUS`` or ``TYPE!=STATUS``, both in any case; a condition that is missing has no status at all."""

    type: str
    status: str
    is_negated: bool = False

    def selects(self, item: AnyView) -> bool:
        """Whether the object is meant."""
        found = any(
            condition.type.lower() == self.type and condition.status.lower() == self.status
            for condition in item.conditions
        )
        return found is not self.is_negated


def parse_status_selector(text: str) -> StatusSelector:
    """Read ``ready=false`` and the like.

    Raises:
        UsageError: the text has another form.
    """
    separator = "!=" if "!=" in text else "="
    name, found, status = (part.strip().lower() for part in text.partition(separator))
    if not (name and found and status in {"true", "false", "unknown"}):
        raise UsageError(
            f"'{text}' selects no status; expected a condition's type and True, False or Unknown, such as ready=false"
        )
    return StatusSelector(name, status, separator == "!=")
