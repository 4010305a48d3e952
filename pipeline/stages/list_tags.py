"""List: a repository's tags and what the manifests behind them say of themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import ArtifactNotFoundError
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    ANNOTATION_REVISION,
    ANNOTATION_SOURCE,
    parse_manifest,
)
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.artifact.versions import Version, VersionRange, parse_version
from pipeline.model.outcome.list import ListedArtifact, ListResult
from pipeline.model.promotion.lock import is_lock_tag
from pipeline.ports import Registry, Reporter
from pipeline.stages.parallel import in_parallel

_CONCURRENCY = 8
_MAX_ASKED = 200
"""Tags of which it is asked what they point at."""
# Signatures, attestations and SBOMs of cosign, and the fallback tag of the referrers API.
_ATTACHED = re.compile(r"sha256-[0-9a-f]{64}(?:\..+)?|.+\.(?:sig|att|sbom)")


def list_tags(
    registry: Registry,
    *,
    versions: VersionRange | None = None,
    pattern: re.Pattern[str] | None = None,
    limit: int | None = None,
    reporter: Reporter,
) -> ListResult:
    """Every tag that is no signature or the like, versions first and the newest of them on top, then the others.

    Raises:
        RegistryError: the registry could not be read. A tag that vanishes meanwhile is left out.
    """
    tags = select_tags(registry.tags(), versions, pattern)
    wanted = tags if limit is None else tags[:limit]
    done = 0

    def describe(tag: str) -> ListedArtifact | None:
        nonlocal done
        listed = _describe(tag, registry)
        done += 1
        reporter.progress(f"manifests of {registry.repository}", done, len(wanted))
        return listed

    listed = in_parallel(describe, wanted, concurrency=_CONCURRENCY)
    return ListResult(
        repository=registry.repository,
        artifacts=tuple(found for found in listed if found is not None),
        omitted=len(tags) - len(wanted),
    )


def select_tags(tags: Sequence[str], versions: VersionRange | None, pattern: re.Pattern[str] | None) -> list[str]:
    """The tags that match, in order of presentation."""
    found: list[tuple[Version, str]] = []
    others = []
    for tag in tags:
        if _ATTACHED.fullmatch(tag) or is_lock_tag(tag) or (pattern is not None and not pattern.search(tag)):
            continue
        version = parse_version(tag)
        if version is None:
            if versions is None:
                others.append(tag)
        elif versions is None or versions.includes(version):
            found.append((version, tag))
    return [tag for _, tag in sorted(found, reverse=True)] + sorted(others)


def _describe(tag: str, registry: Registry) -> ListedArtifact | None:
    try:
        digest = registry.resolve(tag).digest
        manifest = parse_manifest(registry.read_manifest(digest))
    except ArtifactNotFoundError:
        return None
    return ListedArtifact(
        artifact=PinnedReference(registry.repository, digest, tag),
        media_type=manifest.media_type,
        created=manifest.annotations.get(ANNOTATION_CREATED, ""),
        source=manifest.annotations.get(ANNOTATION_SOURCE, ""),
        revision=manifest.annotations.get(ANNOTATION_REVISION, ""),
    )


@dataclass(frozen=True, slots=True)
class TagsOf:
    """Tags that point at one digest, versions first; ``notes`` say where not all were looked at."""

    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def tags_of(digest: str, registry: Registry) -> TagsOf:
    """Which tags point at the digest; of a repository with very many, only the first ones are asked for.

    Raises:
        RegistryError: the registry could not be read.
    """
    tags = select_tags(registry.tags(), None, None)

    def points_there(tag: str) -> bool:
        try:
            return registry.resolve(tag).digest == digest
        except ArtifactNotFoundError:
            return False

    asked = tags[:_MAX_ASKED]
    answers = in_parallel(points_there, asked, concurrency=_CONCURRENCY)
    left = len(tags) - len(asked)
    notes = (f"{left} of {len(tags)} tags were not looked at",) if left else ()
    return TagsOf(tuple(tag for tag, there in zip(asked, answers, strict=True) if there), notes)
