"""OCI descriptors, manifests and media types: what an artifact is made of, before and after it travels.

Formats: OCI image specification 1.1 (descriptor, image manifest, image index) and Flux's artifact format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
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
