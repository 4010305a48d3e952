"""TEMPORARY until the build branch brings it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.model.flux.kustomization import PostBuild, SubstituteFrom
from pipeline.model.manifests import Body


def collect_variables(post_build: PostBuild, read: Callable[[SubstituteFrom], Body | None]) -> Mapping[str, str]:
    """Variables."""
    found: dict[str, str] = {}
    for reference in post_build.substitute_from:
        body = read(reference)
        found |= (body or {}).get("data") or {}
    return found | dict(post_build.substitute)
