"""OCI descriptors, manifests and media types: what an artifact is made of, before and after it travels.

Formats: OCI image specification 1.1 (descriptor, image manifest, image index) and Flux's artifact format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import RegistryError
from pipeline.model.artifact.reference import is_digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_IMAGE_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
FLUX_CONFIG = "application/vnd.cncf.flux.config.v1+json"
FLUX_CONTENT = "application/vnd.cncf.flux.content.v1.tar+gzip"
SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"

ANNOTATION_CREATED = "org.opencontainers.image.created"
ANNOTATION_SOURCE = "org.opencontainers.image.source"
ANNOTATION_REVISION = "org.opencontainers.image.revision"

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
"""What registries must accept at least, and the most that we read of one manifest or index."""


def sha256_digest(content: bytes) -> str:
    """``sha256:<hex>`` of the content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Points at content by type, digest and size in bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    artifact_type: str | None = None

    def document(self) -> dict[str, Any]:
        """As manifests and indexes hold it."""
        document: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.artifact_type:
            document["artifactType"] = self.artifact_type
        if self.annotations:
            document["annotations"] = dict(self.annotations)
        return document


@dataclass(frozen=True, slots=True)
class Blob:
    """Content that is to be stored, with its descriptor's facts already known."""

    media_type: str
    content: bytes = field(repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def descriptor(self) -> Descriptor:
        """Type, digest and size of the content."""
        return Descriptor(self.media_type, sha256_digest(self.content), len(self.content), self.annotations)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest or index exactly as it was stored; ``digest`` was computed from ``content`` by us."""

    media_type: str
    digest: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedManifest:
    """What a manifest or index points at, whichever of the two it is."""

    media_type: str
    artifact_type: str | None
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    children: tuple[Descriptor, ...]
    subject: Descriptor | None
    annotations: Mapping[str, str] = field(hash=False)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers, each digest once."""
        parts = ((self.config,) if self.config else ()) + self.layers
        return tuple({part.digest: part for part in parts}.values())


def is_manifest_type(media_type: str) -> bool:
    """Whether the media type is that of a manifest or index, and not of a blob."""
    return media_type in {OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX}


def parse_manifest(manifest: StoredManifest) -> ParsedManifest:
    """Read a manifest or index; unknown fields are ignored.

    Raises:
        RegistryError: the content is not what the media type says.
    """
    where = f"manifest {manifest.digest}"
    if not is_manifest_type(manifest.media_type):
        raise RegistryError(f"{where} has the media type '{manifest.media_type}', which is no OCI or Docker manifest")
    try:
        body = json.loads(manifest.content)
    except (ValueError, RecursionError):
        raise RegistryError(f"{where} is not JSON") from None
    if not isinstance(body, dict):
        raise RegistryError(f"{where} is not a JSON object")
    config = _descriptor(body["config"], where) if body.get("config") is not None else None
    artifact_type = body.get("artifactType") or (config.media_type if config else None)
    return ParsedManifest(
        media_type=manifest.media_type,
        artifact_type=artifact_type if isinstance(artifact_type, str) else None,
        config=config,
        layers=_descriptors(body.get("layers"), where),
        children=_descriptors(body.get("manifests"), where),
        subject=_descriptor(body["subject"], where) if body.get("subject") is not None else None,
        annotations=_annotations(body.get("annotations"), where),
    )


def referrer_descriptor(manifest: StoredManifest) -> Descriptor:
    """How the referrers API (distribution specification 1.1) lists it: with artifact type and annotations."""
    parsed = parse_manifest(manifest)
    return Descriptor(
        manifest.media_type, manifest.digest, len(manifest.content), parsed.annotations, parsed.artifact_type
    )


def _descriptors(value: object, where: str) -> tuple[Descriptor, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RegistryError(f"{where} is malformed: expected a list of descriptors")
    return tuple(_descriptor(item, where) for item in value)


def _descriptor(value: object, where: str) -> Descriptor:
    if not isinstance(value, dict):
        raise RegistryError(f"{where} is malformed: expected a descriptor")
    media_type, digest, size = value.get("mediaType"), value.get("digest"), value.get("size")
    if not isinstance(media_type, str) or not isinstance(digest, str) or not is_digest(digest):
        raise RegistryError(f"{where} is malformed: a descriptor lacks a media type or a sha256 digest")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise RegistryError(f"{where} is malformed: the descriptor of {digest} lacks a size")
    artifact_type = value.get("artifactType")
    return Descriptor(
        media_type,
        digest,
        size,
        _annotations(value.get("annotations"), where),
        artifact_type if isinstance(artifact_type, str) and artifact_type else None,
    )


def _annotations(value: object, where: str) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise RegistryError(f"{where} is malformed: annotations must map text to text")
    return value
