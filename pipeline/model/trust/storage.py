"""Where cosign keeps signatures beside an artifact, as manifests.

Bundles are referrers: an image manifest with the artifact as ``subject`` and the bundle as its only layer (cosign 3,
``pkg/oci/remote/write.go``). Simple signatures are the layers of one image under the tag ``sha256-<hex>.sig``, each
with its signature in an annotation (cosign 2, ``specs/SIGNATURE_SPEC.md``). Attestations of cosign 2 are the layers of
one image under ``sha256-<hex>.att``, each a bare DSSE envelope (``specs/ATTESTATION_SPEC.md``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.model.artifact.manifest import (
    OCI_EMPTY,
    OCI_IMAGE_CONFIG,
    OCI_MANIFEST,
    SIGSTORE_BUNDLE,
    SIMPLE_SIGNING,
    Blob,
    Descriptor,
)
from pipeline.model.trust.evidence import KeylessMaterial
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE

SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature"
CERTIFICATE_ANNOTATION = "dev.sigstore.cosign/certificate"
CHAIN_ANNOTATION = "dev.sigstore.cosign/chain"
LOG_ENTRY_ANNOTATION = "dev.sigstore.cosign/bundle"
TIMESTAMP_ANNOTATION = "dev.sigstore.cosign/rfc3161timestamp"
PREDICATE_TYPE_ANNOTATION = "dev.sigstore.bundle.predicateType"
DSSE_ENVELOPE = "application/vnd.dsse.envelope.v1+json"
EMPTY_CONFIG = Blob(OCI_EMPTY, b"{}")

_NO_TIME = "0001-01-01T00:00:00Z"


def signature_tag(digest: str) -> str:
    """``sha256-<hex>.sig``."""
    return f"{digest.replace(':', '-')}.sig"


def attestation_tag(digest: str) -> str:
    """``sha256-<hex>.att``."""
    return f"{digest.replace(':', '-')}.att"


def keyless_material(annotations: Mapping[str, str]) -> KeylessMaterial | None:
    """What cosign 2 keeps beside a signature made without a key; ``None`` where there is no certificate."""
    certificate = annotations.get(CERTIFICATE_ANNOTATION, "")
    if not certificate:
        return None
    return KeylessMaterial(
        certificate,
        annotations.get(CHAIN_ANNOTATION, ""),
        annotations.get(LOG_ENTRY_ANNOTATION, ""),
        annotations.get(TIMESTAMP_ANNOTATION, ""),
    )


def bundle_manifest(subject: Descriptor, bundle: Descriptor, predicate_type: str = SIGN_PREDICATE_TYPE) -> Blob:
    """The referrer that carries a bundle with a statement of that type.

    cosign also writes the time; nothing reads it, and without it the manifest says only what is signed.
    """
    return _manifest(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": SIGSTORE_BUNDLE,
            "config": EMPTY_CONFIG.descriptor.document(),
            "layers": [bundle.document()],
            "subject": subject.document(),
            "annotations": {
                "dev.sigstore.bundle.content": "dsse-envelope",
                PREDICATE_TYPE_ANNOTATION: predicate_type,
            },
        }
    )


def simple_layer(payload: bytes, signature: str) -> Blob:
    """A payload with its base64 signature, as a layer."""
    return Blob(SIMPLE_SIGNING, payload, {SIGNATURE_ANNOTATION: signature})


def simple_config(layers: Sequence[Descriptor]) -> Blob:
    """The image configuration that belongs to these layers; verifiers never read it, image tools want it."""
    document = {
        "architecture": "",
        "created": _NO_TIME,
        "history": [{"created": _NO_TIME} for _ in layers],
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
        "config": {},
    }
    return Blob(OCI_IMAGE_CONFIG, json.dumps(document, separators=(",", ":")).encode("utf-8"))


def simple_manifest(config: Descriptor, layers: Sequence[Descriptor]) -> Blob:
    """The image whose layers are signatures: the ones that were there, and the new one behind them."""
    return _manifest(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config.document(),
            "layers": [layer.document() for layer in layers],
        }
    )


def _manifest(document: dict[str, Any]) -> Blob:
    return Blob(OCI_MANIFEST, json.dumps(document, separators=(",", ":")).encode("utf-8"))
