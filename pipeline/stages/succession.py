"""How what is to be applied follows what the inventory records: never by what was signed earlier, unless asked for."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.documents.times import parse_time
from pipeline.model.trust.replay import Succession, check_not_older
from pipeline.model.trust.trusted import TrustedManifests

StatedRollback = Callable[[str, float], bool]
"""Whether somebody who is believed has stated, at that time or later, that one goes back from that digest."""

_HINT = (
    "if the older one is wanted back, say so with --allow-rollback, or let who signs it state the rollback:"
    " gitless rollback --signing-key"
)


def succession(
    trusted: TrustedManifests, inventory: Inventory, options: ApplyOptions, is_stated: StatedRollback | None = None
) -> Succession:
    """How it follows; ``is_stated`` is asked only where it was signed earlier, and nobody asked for a rollback.

    Raises:
        TrustError: it was signed before what the inventory records, and nobody wants that.
        RegistryError: whether somebody stated it could not be found out.
    """
    # Who skips verification has no signature whose age could be asked.
    if trusted.reference is None or not trusted.is_verified:
        return Succession()
    try:
        return check_not_older(
            trusted.issued_at,
            inventory.issued_at,
            new_digest=trusted.reference.digest,
            recorded_digest=inventory.digest,
            allow_rollback=options.allow_rollback,
            hint=_HINT,
        )
    except TrustError as error:
        since = _applied_since(inventory)
        if is_stated is None or since is None or not is_stated(inventory.digest, since):
            raise
        return Succession(is_rollback=True, note=f"rolled back as a signed statement asks: {error.message}")


def _applied_since(inventory: Inventory) -> float | None:
    """Since when what is recorded has been applied, in whole seconds, as logs tell them; at the latest when saved."""
    if inventory.applied_at is not None:
        return int(inventory.applied_at)
    try:
        return int(parse_time(inventory.written_at))
    except ConfigurationError:
        return None
