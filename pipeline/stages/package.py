"""Package: push an artifact so that nobody ever sees half of it: blobs, then the manifest by digest, then the tags.

Who signs calls this without tags, signs, verifies, and moves the tags with :func:`pipeline.stages.tag.move_tags`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from pipeline.errors import ArtifactNotFoundError, TrustError
from pipeline.model.artifact.flux import ANNOTATION_CONTENT_DIGEST, Artifact
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    ANNOTATION_REVISION,
    ANNOTATION_SOURCE,
    FLUX_CONTENT,
    Blob,
    ParsedManifest,
    StoredManifest,
    parse_manifest,
)
from pipeline.model.artifact.reference import PinnedReference, check_tag
from pipeline.model.artifact.unpacking import Limits, unpacked
from pipeline.model.outcome.package import PackageResult
from pipeline.ports import Registry, Reporter
from pipeline.stages.tag import move_tags, point_tags


def package(
    artifact: Artifact,
    registry: Registry,
    *,
    tags: Sequence[str] = (),
    unchanged_since: str | None = None,
    reporter: Reporter,
) -> PackageResult:
    """Push the artifact and let the tags point at it.

    Args:
        artifact: what is to be pushed.
        registry: where to.
        tags: point at the artifact afterwards, in any case.
        unchanged_since: a tag; where what it points at has the same content, that is kept and nothing is pushed.
        reporter: is told what happens.

    Raises:
        UsageError: a tag does not follow the grammar; nothing was pushed.
        RefusedError: a tag is locked; the artifact is there by its digest, and no tag has moved.
        RegistryError: the registry could not be read or written; no tag points at anything incomplete.
        TrustError: the registry answered with another digest than was pushed.
    """
    for tag in tags:
        check_tag(tag)
    if unchanged_since is not None:
        result = _unchanged(artifact, registry, unchanged_since)
        if result is not None:
            reporter.info(f"unchanged: {registry.repository}:{unchanged_since} has the same content, nothing is pushed")
            move_tags(result.artifact, tags, registry)
            return _with_tags(result, tags)
    result = _push(artifact, registry, reporter)
    manifest = artifact.manifest
    point_tags(StoredManifest(manifest.media_type, artifact.digest, manifest.content), tags, registry)
    return _with_tags(result, tags)


def _push(artifact: Artifact, registry: Registry, reporter: Reporter) -> PackageResult:
    """The artifact in the registry, by its digest alone."""
    sent = [_push_blob(blob, registry, reporter) for blob in (artifact.config, *artifact.layers)]
    return PackageResult(
        artifact=PinnedReference(registry.repository, artifact.digest),
        tags=(),
        pushed=_push_manifest(artifact, registry) or any(sent),
        content_digest=artifact.content_digest,
        size=sum(len(layer.content) for layer in artifact.layers),
        files=artifact.files,
        created=artifact.created,
        source=artifact.source,
        revision=artifact.revision,
    )


def _push_manifest(artifact: Artifact, registry: Registry) -> bool:
    """Store the manifest by digest unless it is there; returns whether it was sent."""
    try:
        registry.read_manifest(artifact.digest)
    except ArtifactNotFoundError:
        written = registry.write_manifest(artifact.manifest)
        if written.digest != artifact.digest:
            raise TrustError(
                f"{registry.repository} stored {written.digest} where {artifact.digest} was pushed"
            ) from None
        return True
    return False


def _push_blob(blob: Blob, registry: Registry, reporter: Reporter) -> bool:
    descriptor = blob.descriptor
    sent = registry.write_blob(descriptor, lambda: [blob.content])
    reporter.detail(f"{'sent' if sent else 'there already'}: {descriptor.digest} ({descriptor.size} bytes)")
    return sent


def _with_tags(result: PackageResult, tags: Sequence[str]) -> PackageResult:
    unique = tuple(dict.fromkeys(tags))
    return replace(
        result,
        tags=unique,
        artifact=PinnedReference(result.artifact.repository, result.artifact.digest, unique[0] if unique else None),
    )


def _unchanged(artifact: Artifact, registry: Registry, tag: str) -> PackageResult | None:
    """The artifact behind the tag if it has the same content as ours."""
    try:
        digest = registry.resolve(tag).digest
        parsed = parse_manifest(registry.read_manifest(digest))
        if not _has_same_content(parsed, artifact, registry):
            return None
    except ArtifactNotFoundError:
        return None
    return PackageResult(
        artifact=PinnedReference(registry.repository, digest),
        tags=(),
        pushed=False,
        content_digest=artifact.content_digest,
        size=sum(layer.size for layer in parsed.layers),
        files=artifact.files,
        created=parsed.annotations.get(ANNOTATION_CREATED, ""),
        source=parsed.annotations.get(ANNOTATION_SOURCE, ""),
        revision=parsed.annotations.get(ANNOTATION_REVISION, ""),
    )


def _has_same_content(there: ParsedManifest, ours: Artifact, registry: Registry) -> bool:
    types = [layer.media_type for layer in ours.layers]
    if [layer.media_type for layer in there.layers] != types or there.children:
        return False
    if types != [FLUX_CONTENT]:
        # Whose layers are named by annotations: those count like the content.
        return list(there.layers) == [layer.descriptor for layer in ours.layers]
    layer = there.layers[0]
    if layer.digest == ours.layer.descriptor.digest:
        return True
    # Packed by another compressor, perhaps. What the annotation says is worth nothing until the layer itself has said
    # the same: who signs what we return would otherwise sign whatever somebody has put there.
    if there.annotations.get(ANNOTATION_CONTENT_DIGEST) != ours.content_digest:
        return False
    try:
        return _digest_of(unpacked(registry.read_blob(layer), Limits())) == ours.content_digest
    except TrustError:
        return False


def _digest_of(chunks: Iterable[bytes]) -> str:
    hashed = sha256()
    for chunk in chunks:
        hashed.update(chunk)
    return f"sha256:{hashed.hexdigest()}"
