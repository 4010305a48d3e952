"""What refers to a manifest: descriptors in an index, from the referrers API or under the fallback tag.

Formats: OCI distribution specification 1.1, "Listing Referrers" and "Referrers Tag Schema".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import RegistryError
from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_INDEX, Blob, Descriptor
from pipeline.model.artifact.reference import is_digest


def fallback_tag(digest: str) -> str:
    """The tag under which referrers are kept where there is no API: ``sha256-<hex>``."""
    return digest.replace(":", "-")


def parse_index(content: bytes, where: str) -> tuple[Descriptor, ...]:
    """The descriptors of an index.

    Raises:
        RegistryError: it is not an index.
    """
    document = _document(content)
    entries = document.get("manifests") if document is not None else None
    if entries is None and document is not None and "manifests" in document:
        entries = []
    if not isinstance(entries, list):
        raise RegistryError(f"{where}: expected an image index")
    return tuple(_descriptor(entry, where) for entry in entries)


def format_index(descriptors: Sequence[Descriptor]) -> Blob:
    """An index of these descriptors."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor.document() for descriptor in descriptors],
    }
    return Blob(OCI_INDEX, json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())


def subject_of(content: bytes) -> str | None:
    """The digest that a manifest or index refers to, if any."""
    document = _document(content) or {}
    subject = document.get("subject")
    digest = subject.get("digest") if isinstance(subject, dict) else None
    return digest if isinstance(digest, str) and is_digest(digest) else None


def as_referrer(manifest: Descriptor, content: bytes) -> Descriptor:
    """The descriptor as an index of referrers holds it: with the manifest's own artifact type and annotations."""
    document = _document(content) or {}
    config = document.get("config")
    own = document.get("artifactType") or (config.get("mediaType") if isinstance(config, dict) else None)
    annotations = document.get("annotations")
    return Descriptor(
        manifest.media_type,
        manifest.digest,
        manifest.size,
        _annotations(annotations) if annotations else manifest.annotations,
        own if isinstance(own, str) else manifest.artifact_type,
    )


def is_doubtful(descriptor: Descriptor) -> bool:
    """Whether the artifact type may not be the manifest's own.

    Some registries give the config's media type even where the manifest has an ``artifactType``, and older clients
    left it out under the fallback tag.
    """
    kind = descriptor.artifact_type
    return kind is None or kind == OCI_EMPTY or ".config." in kind


def _document(content: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _descriptor(entry: object, where: str) -> Descriptor:
    if isinstance(entry, dict):
        media_type, digest, size = entry.get("mediaType"), entry.get("digest"), entry.get("size")
        if isinstance(media_type, str) and isinstance(digest, str) and is_digest(digest) and isinstance(size, int):
            kind = entry.get("artifactType")
            annotations = _annotations(entry.get("annotations"))
            return Descriptor(media_type, digest, size, annotations, kind if isinstance(kind, str) and kind else None)
    raise RegistryError(f"{where}: the index holds something that is no descriptor")


def _annotations(value: object) -> Mapping[str, str]:
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}
