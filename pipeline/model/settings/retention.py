"""``retention`` in ``gitless.yaml``: what stays in the artifact's repository when it is pruned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.documents.durations import parse_duration

KEEP_DEPLOYED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """What the file says; ``None``: nothing. ``older_than`` in seconds."""

    keep: int | None = None
    older_than: float | None = None
    keep_tags: tuple[str, ...] = ()
    keep_deployed: int = KEEP_DEPLOYED
    keep_signed_releases: bool = False


def read_retention(item: Mapping[str, Any]) -> RetentionSettings:
    """Read what follows the schema.

    Raises:
        ConfigurationError: the duration is longer than any that we know.
    """
    return RetentionSettings(
        keep=item.get("keep"),
        older_than=parse_duration(item["olderThan"]) if "olderThan" in item else None,
        keep_tags=tuple(item.get("keepTags", ())),
        keep_deployed=item.get("keepDeployed", KEEP_DEPLOYED),
        keep_signed_releases=item.get("keepSignedReleases", False),
    )
