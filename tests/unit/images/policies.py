"""Policies for tests, from the fields that Flux documents."""

from __future__ import annotations

from typing import Any

from pipeline.model.images.policy import ImagePolicy
from pipeline.model.images.policy_reading import settings_policies


def policy(
    choice: dict[str, Any],
    *,
    name: str = "web",
    image: str = "ghcr.io/acme/web",
    pattern: str = "",
    extract: str = "",
    **fields: object,
) -> ImagePolicy:
    """One as ``images.policies`` of the settings would hold it."""
    item = {"name": name, "image": image, "policy": choice, **fields}
    if pattern or extract:
        item["filterTags"] = {"pattern": pattern, "extract": extract}
    return settings_policies([item], "gitless.yaml")[0]
