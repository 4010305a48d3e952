"""Tag: point tags at a digest, without copying anything; the one place that lets users' tags move."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.errors import ArtifactNotFoundError
from pipeline.model.artifact.manifest import Blob, StoredManifest
from pipeline.model.artifact.reference import PinnedReference, check_tag
from pipeline.model.outcome.tag import MovedTag, TagResult
from pipeline.ports import Registry
from pipeline.stages.tag_lock import require_unlocked


def move_tags(artifact: PinnedReference, tags: Sequence[str], registry: Registry) -> TagResult:
    """Let every tag point at the artifact's digest; one that does so already is not written again.

    Raises:
        ArtifactNotFoundError: there is no such digest.
        UsageError: a tag does not follow the grammar; none has moved then.
        RefusedError: a tag is locked; none has moved then.
        RegistryError: the registry could not be written; tags named before may have moved.
    """
    for tag in tags:
        check_tag(tag)
    manifest = registry.read_manifest(artifact.digest)
    found = {tag: current(tag, registry) for tag in dict.fromkeys(tags)}
    point_tags(manifest, [tag for tag, digest in found.items() if digest != artifact.digest], registry)
    return TagResult(
        artifact=artifact,
        tags=tuple(MovedTag(tag=tag, previous=previous) for tag, previous in found.items()),
    )


def point_tags(manifest: StoredManifest, tags: Sequence[str], registry: Registry) -> None:
    """Write the tags, one after the other, whatever they point at now; unless one of them is locked elsewhere.

    Raises:
        RefusedError: a tag is locked; none has been written then.
        UsageError: a tag is the name of a lock.
        RegistryError: the registry could not be asked or written.
    """
    unique = tuple(dict.fromkeys(tags))
    require_unlocked(unique, manifest.digest, registry)
    for tag in unique:
        write_tag(manifest, tag, registry)


def write_tag(manifest: StoredManifest, tag: str, registry: Registry) -> None:
    """Write one tag for whoever has looked at its lock already.

    Raises:
        RegistryError: the registry could not be written.
    """
    registry.write_manifest(Blob(manifest.media_type, manifest.content), tag)


def current(tag: str, registry: Registry) -> str | None:
    """The digest that the tag points at now; ``None`` where there is no such tag."""
    try:
        return registry.resolve(tag).digest
    except ArtifactNotFoundError:
        return None
