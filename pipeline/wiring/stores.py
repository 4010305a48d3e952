"""Registries, layout folders, and the artifacts on the puller's disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import RegistryError
from pipeline.model.artifact.reference import Repository
from pipeline.model.flux.options import PullerOptions
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import (
    Clock,
    Environment,
    FindLogin,
    Registry,
    Reporter,
)
from pipeline.wiring.identities import find_login
from pipeline.wiring.surroundings import clock

if TYPE_CHECKING:
    from pipeline.artifact_cache import ArtifactCache


def registry(
    repository: Repository, options: RegistryOptions, environment: Environment, reporter: Reporter
) -> Registry:
    """The store that a repository is in: a layout folder or a registry."""
    if repository.is_layout:
        from pipeline.registries.layout import LayoutRegistry

        return LayoutRegistry(repository)
    from pipeline.registries.oci import connect

    identify = find_login(repository.host, options, environment, reporter, clock())
    return connect(repository, options, environment, reporter, identify=identify)


def delete_manifest(registry: Registry, digest: str) -> bool:
    """Delete what nobody needs any more, where a registry can; returns whether it is gone. Folders keep everything."""
    if registry.repository.is_layout:
        return False
    try:
        registry.delete_manifest(digest)
    except RegistryError:
        return False
    return True


def artifact_cache(options: PullerOptions) -> ArtifactCache:
    """Where the puller keeps artifacts.

    Raises:
        ConfigurationError: the folder cannot be used.
    """
    from pipeline.artifact_cache import ArtifactCache

    return ArtifactCache(Path(options.cache_dir) / "artifacts", options.cache_max_size)


def registry_pool(
    reporter: Reporter,
    clock: Clock,
    environment: Environment,
    *,
    observe: Callable[[str, int, float], None] | None = None,
) -> Callable[[Repository, RegistryOptions, Environment], Registry]:
    """Registries for a process that lives long: connections, logins and tokens are kept and shared.

    ``environment`` says who this process is to clouds; ``observe`` is told method, status (0: no answer) and seconds of
    every exchange.
    """
    from pipeline.registries.oci.pool import RegistryPool

    def identify(host: str, options: RegistryOptions) -> FindLogin | None:
        return find_login(host, options, environment, reporter, clock)

    return RegistryPool(reporter, clock, observe=observe, identify=identify).connect


def matching_tags(expression: str, tags: Sequence[str]) -> Sequence[str]:
    """Those of the tags that match Go's regular expression; see ``expressions/regular.py``."""
    from pipeline.expressions.regular import matching

    return matching(expression, tags)
