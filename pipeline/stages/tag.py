"""Tag: point tags at a digest, without copying anything."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.errors import ArtifactNotFoundError
from pipeline.model.artifact.manifest import Blob
from pipeline.model.artifact.reference import PinnedReference, check_tag
from pipeline.model.outcome.tag import MovedTag, TagResult
from pipeline.ports import Registry


def move_tags(artifact: PinnedReference, tags: Sequence[str], registry: Registry) -> TagResult:
    """Let every tag point at the artifact's digest; one that does so already is not written again.

    Raises:
        ArtifactNotFoundError: there is no such digest.
        UsageError: a tag does not follow the grammar; none has moved then.
        RegistryError: the registry could not be written; tags named before may have moved.
    """
    for tag in tags:
        check_tag(tag)
    manifest = registry.read_manifest(artifact.digest)
    moved = []
    for tag in dict.fromkeys(tags):
        previous = current(tag, registry)
        if previous != artifact.digest:
            registry.write_manifest(Blob(manifest.media_type, manifest.content), tag)
        moved.append(MovedTag(tag=tag, previous=previous))
    return TagResult(artifact=artifact, tags=tuple(moved))


def current(tag: str, registry: Registry) -> str | None:
    """The digest that the tag points at now; ``None`` where there is no such tag."""
    try:
        return registry.resolve(tag).digest
    except ArtifactNotFoundError:
        return None
