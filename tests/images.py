"""Images in a real registry: an index for two platforms under each tag, with nothing in it that could run."""

from __future__ import annotations

import json

from pipeline.model.artifact.manifest import OCI_INDEX, OCI_MANIFEST, Blob, Descriptor, sha256_digest
from pipeline.ports import Registry

_CONFIG = "application/vnd.oci.image.config.v1+json"


def push_image(registry: Registry, *tags: str, content: str = "") -> str:
    """Push one image under the tags; its digest, which is the content's (that of the first tag where there is none)."""
    manifests = []
    for architecture in ("amd64", "arm64"):
        config = json.dumps({"architecture": architecture, "os": "linux", "author": content or tags[0]}).encode()
        described = Descriptor(_CONFIG, sha256_digest(config), len(config))
        registry.write_blob(described, lambda config=config: [config])  # type: ignore[misc] # bound at once
        manifest = _manifest(described)
        registry.write_manifest(Blob(OCI_MANIFEST, manifest))
        manifests.append(
            {
                "mediaType": OCI_MANIFEST,
                "digest": sha256_digest(manifest),
                "size": len(manifest),
                "platform": {"architecture": architecture, "os": "linux"},
            }
        )
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}).encode()
    for tag in tags:
        registry.write_manifest(Blob(OCI_INDEX, index), tag)
    return sha256_digest(index)


def _manifest(config: Descriptor) -> bytes:
    described = {"mediaType": config.media_type, "digest": config.digest, "size": config.size}
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": []}).encode()
