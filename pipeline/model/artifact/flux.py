"""Build the manifest that Flux's source-controller, and any OCI client, pulls.

Shape: the flux CLI up to 2.8 (one config, one layer, annotations on the manifest), with a real ``created``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.model.artifact.archive import Archive
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    ANNOTATION_REVISION,
    ANNOTATION_SOURCE,
    FLUX_CONFIG,
    FLUX_CONTENT,
    OCI_MANIFEST,
    Blob,
    Descriptor,
)
from pipeline.model.documents.times import EPOCH

ANNOTATION_CONTENT_DIGEST = "dev.gitless.content-digest"
"""SHA-256 of the uncompressed tar: equal exactly when the packed files are."""
_NO_TIME = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Artifact:
    """Everything that is to be pushed; the digest is known before anything is."""

    manifest: Blob
    config: Blob
    layers: tuple[Blob, ...]
    content_digest: str
    files: int
    created: str
    source: str
    revision: str

    @property
    def layer(self) -> Blob:
        """The only layer, or the first of several."""
        return self.layers[0]

    @property
    def digest(self) -> str:
        """The manifest's digest, by which the artifact is named."""
        return self.manifest.descriptor.digest


def build_artifact(
    archive: Archive,
    *,
    source: str = "",
    revision: str = "",
    created: str = EPOCH,
    annotations: Mapping[str, str] | None = None,
) -> Artifact:
    """Config, layer and manifest; ``annotations`` are laid over the usual ones and may replace them."""
    given = {
        ANNOTATION_CREATED: created,
        ANNOTATION_SOURCE: source,
        ANNOTATION_REVISION: revision,
        **(annotations or {}),
        ANNOTATION_CONTENT_DIGEST: archive.content_digest,
    }
    kept = {
        key: given[key] for key in sorted(given) if given[key] or key not in {ANNOTATION_SOURCE, ANNOTATION_REVISION}
    }
    config = Blob(FLUX_CONFIG, _json(_config(archive.content_digest, created)))
    layer = Blob(FLUX_CONTENT, archive.content)
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _described(config.descriptor),
        "layers": [_described(layer.descriptor)],
        "annotations": kept,
    }
    return Artifact(
        manifest=Blob(OCI_MANIFEST, _json(body)),
        config=config,
        layers=(layer,),
        content_digest=archive.content_digest,
        files=archive.files,
        created=given[ANNOTATION_CREATED],
        source=given[ANNOTATION_SOURCE],
        revision=given[ANNOTATION_REVISION],
    )


def _config(content_digest: str, created: str) -> Mapping[str, object]:
    return {
        "architecture": "",
        "created": created,
        "history": [{"created": _NO_TIME}],
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [content_digest]},
        "config": {},
    }


def _described(descriptor: Descriptor) -> Mapping[str, object]:
    return {"mediaType": descriptor.media_type, "size": descriptor.size, "digest": descriptor.digest}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
