"""TEMPORARY until the build branch brings it."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.model.manifests import Resource


def selects(target: Mapping[str, str], resource: Resource) -> bool:
    """Whether."""
    return target.get("kind", resource.id.kind) == resource.id.kind
