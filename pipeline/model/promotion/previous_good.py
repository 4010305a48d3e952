"""What a tag goes back to: the last digest before the current one of which a cluster said that it was healthy."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import RefusedError
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.documents.times import format_time

NONE_BEFORE = "refused.no-previous-good"


def previous_good(records: Iterable[DeployRecord], current: str) -> DeployRecord | None:
    """The record of it, among those of one inventory, whatever their order; ``None`` where there is none.

    What the cluster had since it was given ``current`` for the last time does not count, and of what it had before each
    digest's last record does: one that was healthy and failed later, before it was replaced, is not good. A digest that
    the cluster was never given has everything before it. That what applied it was deleted says nothing of its health.
    """
    told = (record for record in records if not record.is_deleted)
    newest_first = sorted(told, key=lambda record: record.time, reverse=True)
    seen = {current}
    is_before = False
    for record in newest_first:
        is_before |= record.digest != current
        if not is_before or record.digest in seen:
            continue
        seen.add(record.digest)
        if record.result is Deployed.HEALTHY:
            return record
    return None


def require_previous_good(name: DeployedName, records: Iterable[DeployRecord], current: str) -> DeployRecord:
    """The same, or an error that says what there was.

    Raises:
        RefusedError: nothing before it was healthy.
    """
    known = list(records)
    found = previous_good(known, current)
    if found is not None:
        return found
    told = [f"{item.digest} ({item.result.value}, {format_time(int(item.time))})" for item in known[:3]]
    raise RefusedError(
        f"no deploy record of {name} says that anything before {current} was healthy; there are: "
        + (", ".join(told) + (f" and {len(known) - 3} more" if len(known) > len(told) else "") if told else "none"),
        hint="name the digest that you trust: --to sha256:…",
        code=NONE_BEFORE,
    )
