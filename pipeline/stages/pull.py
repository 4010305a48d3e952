"""Pull: unpack one layer of an artifact into a folder, after verifying it where there is a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from pipeline.errors import ManifestError
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    ANNOTATION_REVISION,
    ANNOTATION_SOURCE,
    Descriptor,
    ParsedManifest,
    parse_manifest,
)
from pipeline.model.artifact.reference import Reference
from pipeline.model.artifact.unpacking import ArchiveEntry, Limits, read_entries
from pipeline.model.outcome.pull import PullResult
from pipeline.model.trust.evidence import VerifiedSignature
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Registry, Reporter
from pipeline.stages.fetch import pin
from pipeline.stages.trust import TrustPorts, require_trust


class Written(Protocol):
    """What the writer reports."""

    @property
    def folder(self) -> str:
        """Where."""
        ...

    @property
    def files(self) -> int:
        """How many files."""
        ...

    @property
    def size(self) -> int:
        """Their bytes."""
        ...

    @property
    def left_out(self) -> tuple[str, ...]:
        """Links that were not written."""
        ...


def pull(
    reference: Reference,
    registry: Registry,
    write: Callable[[Iterator[ArchiveEntry]], Written],
    *,
    trust: TrustPorts,
    policy: TrustPolicy | UnsafeSkipVerification | None,
    layer_media_type: str | None = None,
    limits: Limits | None = None,
    reporter: Reporter,
) -> PullResult:
    """Resolve once, verify that digest where there is a policy, and unpack its layer.

    ``write`` must keep the entries out of sight until the last one has come: only then is the layer's digest known to
    be right.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: no signature is accepted, bytes are not what their digest says, or the archive is hostile.
        ManifestError: there is no layer to unpack.
        RegistryError: the registry could not be read.
    """
    artifact = pin(reference, registry)
    signatures: tuple[VerifiedSignature, ...] = ()
    if isinstance(policy, TrustPolicy):
        signatures = require_trust(artifact, registry, trust, policy).signatures
    elif policy is None:
        reporter.warn("no --key and no other trust option was given: only digests are compared")
    manifest = parse_manifest(registry.read_manifest(artifact.digest))
    layer = select_layer(manifest, str(artifact), layer_media_type)
    written = write(read_entries(registry.read_blob(layer), limits))
    if written.left_out:
        reporter.warn(
            f"{len(written.left_out)} links were left out, as Flux does: {', '.join(map(repr, written.left_out[:5]))}"
        )
    return PullResult(
        artifact=artifact,
        folder=written.folder,
        files=written.files,
        size=written.size,
        left_out=written.left_out,
        created=manifest.annotations.get(ANNOTATION_CREATED, ""),
        source=manifest.annotations.get(ANNOTATION_SOURCE, ""),
        revision=manifest.annotations.get(ANNOTATION_REVISION, ""),
        signatures=signatures,
    )


def select_layer(manifest: ParsedManifest, name: str, media_type: str | None) -> Descriptor:
    """The first layer of that media type, or the first of all, as Flux's ``layerSelector`` has it.

    Raises:
        ManifestError: there is none, or it cannot be unpacked.
    """
    if manifest.children:
        raise ManifestError(
            f"{name} is an index of {len(manifest.children)} manifests, which has no layer to unpack",
            hint="pull one of them by its digest: " + ", ".join(child.digest for child in manifest.children[:3]),
        )
    layers = [layer for layer in manifest.layers if media_type in {None, layer.media_type}]
    if not layers:
        found = ", ".join(sorted({layer.media_type for layer in manifest.layers})) or "none"
        raise ManifestError(f"{name} has no layer of type {media_type or 'any'}; found: {found}")
    layer = layers[0]
    if layer.media_type.endswith(("+zstd", ".zstd", ".tar")):
        raise ManifestError(
            f"{name}: the layer {layer.media_type} is not gzipped, and Flux and gitless read nothing else",
            hint="--layer-media-type selects another layer",
        )
    return layer
