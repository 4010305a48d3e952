"""Manifests and indexes of a registry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from pipeline.errors import PipelineError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.contents import content_layer
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import StoredManifest, parse_manifest, referrer_descriptor, sha256_digest
from pipeline.model.trust.storage import bundle_manifest, keyless_material

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def seeds() -> Iterator[bytes]:
    artifact = build_artifact(pack([("a.yaml", b"a: 1\n")]), source="https://git.test/shop", revision="v1@sha1:0")
    yield artifact.manifest.content
    yield bundle_manifest(artifact.manifest.descriptor, artifact.layer.descriptor).content
    described = json.loads(artifact.manifest.content)["layers"][0]
    yield json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [described, described]}).encode()


def consume(data: bytes) -> None:
    for media_type in (MANIFEST, INDEX, "application/vnd.docker.distribution.manifest.v2+json", ""):
        stored = StoredManifest(media_type, sha256_digest(data), data)
        with suppress(PipelineError):
            referrer_descriptor(stored)
        with suppress(PipelineError):
            parsed = parse_manifest(stored)
            for layer in parsed.layers:
                keyless_material(layer.annotations)
            content_layer(parsed, "the artifact")
