"""A registry that serves anything at all beside an artifact: found, judged, decided and inspected.

The first byte says where the rest of the input lies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

from pipeline.errors import PipelineError, RegistryError, TrustError
from pipeline.model.artifact.manifest import SIMPLE_SIGNING, Blob, Descriptor, StoredManifest, sha256_digest
from pipeline.model.artifact.reference import PinnedReference, Reference, Repository
from pipeline.model.trust.storage import attestation_tag, signature_tag
from pipeline.signers.certificates import read_certificate
from pipeline.stages.inspect import inspect
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import evaluate_trust, require_trust
from pipeline.testing.registry import MemoryRegistry
from tests.fuzz.material import bundles, policy
from tests.fuzz.targets import manifests, simple_payloads
from tests.fuzz.targets.bundles import verifier
from tests.trusting import trusting
from tests.unit.sign.support import stored_artifact

MANIFEST = manifests.MANIFEST
BUNDLE, REFERRER, PAYLOAD, SIGNATURES, ENVELOPE, ANNOTATION, ARTIFACT = range(7)


class Serving(MemoryRegistry):
    """Lists as referrers whatever it was given, and serves it unread."""

    def __init__(self) -> None:
        super().__init__(Repository("registry.test", "team/app"))
        self.listed: list[Descriptor] = []

    def referrers(self, digest: str) -> Sequence[Descriptor]:
        return self.listed

    def put(self, content: bytes, media_type: str = MANIFEST, tag: str = "") -> Descriptor:
        """A manifest, whatever is in it."""
        digest = sha256_digest(content)
        self.store.manifests.setdefault(self.repository, {})[digest] = StoredManifest(media_type, digest, content)
        if tag:
            self.store.tags.setdefault(self.repository, {})[tag] = digest
        return Descriptor(media_type, digest, len(content))

    def put_layer(self, content: bytes, media_type: str, annotations: dict[str, str], tag: str = "") -> Descriptor:
        """A manifest with this one layer."""
        for blob in (Blob(media_type, content), Blob("application/vnd.oci.empty.v1+json", b"{}")):
            self.store.blobs.setdefault(self.repository, {})[blob.descriptor.digest] = blob.content
        layer = {
            "mediaType": media_type,
            "digest": sha256_digest(content),
            "size": len(content),
            "annotations": annotations,
        }
        config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256_digest(b"{}"), "size": 2}
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        return self.put(json.dumps(document).encode(), tag=tag)


def seeds() -> Iterator[bytes]:
    for content in bundles():
        yield bytes([BUNDLE]) + content
        yield bytes([ENVELOPE]) + json.dumps(json.loads(content)["dsseEnvelope"]).encode()
    for content in manifests.seeds():
        yield bytes([REFERRER]) + content
        yield bytes([SIGNATURES]) + content
        yield bytes([ARTIFACT]) + content
    for content in simple_payloads.seeds():
        texts = json.loads(content)
        yield bytes([PAYLOAD]) + texts[0].encode()
        names = ("dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/chain",
                 "dev.sigstore.cosign/bundle", "dev.sigstore.cosign/rfc3161timestamp")  # fmt: skip
        yield bytes([ANNOTATION]) + json.dumps(dict(zip(names, ("QUFB", *texts[1:]), strict=False))).encode()


def consume(data: bytes) -> None:
    kind, content = data[0] % 7 if data else 0, data[1:]
    registry = Serving()
    artifact = stored_artifact(registry)
    if kind == ARTIFACT:
        artifact = PinnedReference(registry.repository, registry.put(content).digest)
    _place(registry, artifact.digest, kind, content)
    ports = trusting(verifier())
    for read in (judge_signatures,):
        with suppress(TrustError, RegistryError):
            read(artifact, registry, ports.verifier, policy())
    for decide in (evaluate_trust, require_trust):
        with suppress(TrustError, RegistryError):
            decide(artifact, registry, ports, policy())
    reference = Reference(artifact.repository, None, artifact.digest)
    with suppress(PipelineError):
        inspect(reference, registry, ports, policy(), read_certificate).document()


def _place(registry: Serving, digest: str, kind: int, content: bytes) -> None:
    bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
    signature = {"dev.cosignproject.cosign/signature": "QUFB"}
    if kind == BUNDLE:
        registry.listed.append(registry.put_layer(content, bundle, {}))
    elif kind == REFERRER:
        registry.listed.append(registry.put(content))
    elif kind == PAYLOAD:
        registry.put_layer(content, SIMPLE_SIGNING, signature, signature_tag(digest))
    elif kind == SIGNATURES:
        registry.put(content, tag=signature_tag(digest))
    elif kind == ENVELOPE:
        registry.put_layer(content, "application/vnd.dsse.envelope.v1+json", {}, attestation_tag(digest))
    elif kind == ANNOTATION:
        with suppress(ValueError, RecursionError):
            annotations = json.loads(content)
            registry.put_layer(b"{}", SIMPLE_SIGNING, annotations, signature_tag(digest))
