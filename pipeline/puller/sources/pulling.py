"""From an artifact's digest to the files that the cache keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from threading import Lock

from pipeline.artifact_cache import ArtifactMissingError, CacheError
from pipeline.errors import ManifestError, PipelineError, RegistryError, TrustError
from pipeline.model.artifact.archive import compress, write_tar
from pipeline.model.artifact.manifest import Descriptor, ParsedManifest, parse_manifest
from pipeline.model.artifact.source_ignore import FILE_NAME, source_ignore
from pipeline.model.artifact.unpacking import ArchiveEntry, Limits
from pipeline.model.flux.api import STORAGE_OPERATION_FAILED
from pipeline.model.flux.oci_repository import COPY, OCIRepositorySpec
from pipeline.ports import Clock, Registry
from pipeline.puller.sources.choosing import Chosen
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.failing import (
    ARCHIVE_OPERATION_FAILED,
    LAYER_OPERATION_FAILED,
    PULL_FAILED,
    Again,
    SourceError,
)

_SMALL = 512 * 1024
_LARGE = Lock()
"""Layers over so many bytes are unpacked one at a time, so that memory is bounded whatever the number of workers."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What the cache keeps: digest and size (bytes) of the packed files, and the manifest's annotations."""

    digest: str
    size: int
    annotations: Mapping[str, str] = field(hash=False)


def pull(spec: OCIRepositorySpec, chosen: Chosen, registry: Registry, deps: SourceDependencies) -> Pulled:
    """Fetch the layer, leave out what is ignored, and keep the rest.

    Raises:
        SourceError: it cannot be fetched, is not what its digest says, is hostile or too large, or cannot be kept.
    """
    manifest = _read_manifest(spec, chosen, registry)
    layer = _select(manifest, spec.layer_media_type)
    if layer.size > deps.options.artifact_max_size:
        raise _refused(
            f"the layer has {layer.size} bytes; this puller accepts at most {deps.options.artifact_max_size}"
        )
    try:
        digest, size = _keep(spec, layer, registry, deps)
    except CacheError as error:
        raise SourceError(
            f"unable to archive artifact to storage: {error.message}",
            reason=ARCHIVE_OPERATION_FAILED,
            condition=STORAGE_OPERATION_FAILED,
        ) from error
    return Pulled(digest, size, manifest.annotations)


def _read_manifest(spec: OCIRepositorySpec, chosen: Chosen, registry: Registry) -> ParsedManifest:
    try:
        stored = registry.read_manifest(chosen.digest)
    except PipelineError as error:
        raise _not_pulled(spec, error) from error
    try:
        return parse_manifest(stored)
    except RegistryError as error:
        raise _refused(f"failed to parse artifact manifest: {error.message}") from error


def _select(manifest: ParsedManifest, media_type: str) -> Descriptor:
    if manifest.children:
        raise _refused(f"the artifact is an index of {len(manifest.children)} manifests; expected one manifest")
    if not manifest.layers:
        raise _refused("no layers found in artifact")
    found = next((layer for layer in manifest.layers if media_type in {"", layer.media_type}), None)
    if found is None:
        present = ", ".join(sorted({layer.media_type for layer in manifest.layers}))
        raise _refused(f"failed to find layer with media type '{media_type}' in artifact; found: {present}")
    return found


def _keep(spec: OCIRepositorySpec, layer: Descriptor, registry: Registry, deps: SourceDependencies) -> tuple[str, int]:
    try:
        return _filtered(spec, layer, registry, deps)
    except ArtifactMissingError:
        # Damaged, or evicted between two steps.
        return _filtered(spec, layer, registry, deps)


def _filtered(
    spec: OCIRepositorySpec, layer: Descriptor, registry: Registry, deps: SourceDependencies
) -> tuple[str, int]:
    """The layer as it is where that is what its source wants of it, or else packed anew, always to the same bytes."""
    if not deps.cache.has(layer.digest):
        deps.cache.store(_blob(spec, layer, registry, deps.clock))
    if spec.layer_operation == COPY:
        return layer.digest, layer.size
    limits = Limits(max_bytes=deps.options.artifact_max_size)
    try:
        with _LARGE if layer.size > _SMALL else nullcontext():
            left_out = _left_out(deps.cache.entries(layer.digest, limits), spec.ignore)
            if not left_out:
                return layer.digest, layer.size
            files = deps.cache.read(layer.digest, limits)
            kept = [(path, content) for path, content in files.items() if path not in left_out]
            packed = compress(write_tar(kept, may_be_empty=True).tar)
    except (TrustError, ManifestError) as error:
        raise _refused(f"failed to extract layer contents from artifact: {error.message}") from error
    return deps.cache.store(packed)


def _blob(spec: OCIRepositorySpec, layer: Descriptor, registry: Registry, clock: Clock) -> Iterator[bytes]:
    deadline = clock.now() + spec.timeout
    try:
        for chunk in registry.read_blob(layer):
            yield chunk
            if clock.now() > deadline:
                raise RegistryError(f"{registry.repository.host}: the layer did not come within {spec.timeout:g} s")
    except PipelineError as error:
        raise _not_pulled(spec, error) from error


def _left_out(entries: Iterable[ArchiveEntry], ignore: str | None) -> frozenset[str]:
    """Looks at one file after the other, so that a large artifact is never in memory as a whole."""
    paths: list[str] = []
    rules: dict[str, bytes] = {}
    for entry in entries:
        if entry.is_folder or entry.link_target is not None:
            continue
        paths.append(entry.path)
        if entry.path.rpartition("/")[2] == FILE_NAME:
            rules[entry.path] = entry.content
    return source_ignore(rules, ignore).left_out(paths)


def _not_pulled(spec: OCIRepositorySpec, error: PipelineError) -> SourceError:
    return SourceError(f"failed to pull artifact from '{spec.url}': {error.message}", reason=PULL_FAILED)


def _refused(message: str) -> SourceError:
    return SourceError(message, reason=LAYER_OPERATION_FAILED, again=Again.AT_INTERVAL)
