"""Attestations of every kind beside artifacts in memory, written by hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob
from pipeline.model.artifact.reference import PinnedReference
from pipeline.testing.registry import MemoryRegistry
from tests.unit.sign.support import bundle_document, private_key, referrer, statement, store

PROVENANCE = "https://slsa.dev/provenance/v1"
CYCLONEDX = "https://cyclonedx.org/bom"
REPOSITORY = "https://github.com/acme/shop"
WORKFLOW = f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"
GITHUB = "https://token.actions.githubusercontent.com"
COMMIT = "c0ffee" + "0" * 34

GITHUB_PROVENANCE: Mapping[str, Any] = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {"ref": "refs/heads/main", "repository": REPOSITORY, "path": ".github/workflows/release.yml"}
        },
        "internalParameters": {"github": {"event_name": "push", "repository_id": "1"}},
        "resolvedDependencies": [{"uri": f"git+{REPOSITORY}@refs/heads/main", "digest": {"gitCommit": COMMIT}}],
    },
    "runDetails": {
        "builder": {"id": WORKFLOW},
        "metadata": {"invocationId": f"{REPOSITORY}/actions/runs/42/attempts/1"},
    },
}
BOM: Mapping[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"timestamp": "2026-11-01T00:00:00Z", "component": {"type": "application", "name": "shop"}},
    "components": [
        {"type": "container", "name": "ghcr.io/acme/web", "version": "sha256:" + "a" * 64},
        {"type": "application", "name": "chart"},
    ],
}


def about(artifact: PinnedReference, predicate_type: str, predicate: object) -> bytes:
    return json.dumps(statement(artifact.digest, predicateType=predicate_type, predicate=predicate)).encode()


def envelope(payload: bytes, name: str = "ours") -> bytes:
    """A bare DSSE envelope, as cosign 2 stores it."""
    return json.dumps(bundle_document(payload, key=private_key(name))["dsseEnvelope"]).encode()


def attached(
    registry: MemoryRegistry,
    artifact: PinnedReference,
    layers: Sequence[tuple[bytes, Mapping[str, str]]],
    *,
    suffix: str = "att",
    media_type: str = "application/vnd.dsse.envelope.v1+json",
) -> str:
    """An image under one of cosign 2's tags, with these layers and their annotations."""
    config = store(registry, Blob("application/vnd.oci.image.config.v1+json", b"{}"))
    blobs = [store(registry, Blob(media_type, content, annotations)) for content, annotations in layers]
    described = [
        {
            "mediaType": blob.media_type,
            "digest": blob.descriptor.digest,
            "size": len(blob.content),
            "annotations": dict(blob.annotations),
        }
        for blob in (config, *blobs)
    ]
    document = {"schemaVersion": 2, "config": described[0], "layers": described[1:]}
    manifest = Blob("application/vnd.oci.image.manifest.v1+json", json.dumps(document).encode())
    tag = f"{artifact.digest.replace(':', '-')}.{suffix}"
    return registry.write_manifest(manifest, tag).digest


def attested(
    registry: MemoryRegistry, artifact: PinnedReference, predicate_type: str, predicate: object, name: str = "ours"
) -> str:
    """A bundle by a key, as a referrer, without any hint of what it is."""
    content = json.dumps(bundle_document(about(artifact, predicate_type, predicate), key=private_key(name))).encode()
    return referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, content)])


def certificate(subject: str = WORKFLOW, issuer: str = GITHUB) -> bytes:
    """A certificate as Fulcio writes it, in DER, by an authority that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime(2026, 11, 1, tzinfo=UTC)
    raw = issuer.encode()
    name = x509.RFC822Name(subject) if "://" not in subject else x509.UniformResourceIdentifier(subject)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .add_extension(_extension("1.3.6.1.4.1.57264.1.1", raw), critical=False)
        .add_extension(_extension("1.3.6.1.4.1.57264.1.8", bytes([0x0C, len(raw)]) + raw), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def _extension(identifier: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(identifier), value)


def github_bundle(
    artifact: PinnedReference, predicate: Mapping[str, Any] = GITHUB_PROVENANCE, *, version: str = "0.3"
) -> bytes:
    """What ``actions/attest`` would push, but for the truth of its certificate and log entry."""
    document = bundle_document(about(artifact, PROVENANCE, predicate), key=private_key("fulcio"))
    raw = {"rawBytes": base64.b64encode(certificate()).decode()}
    is_new = version == "0.3"
    document["mediaType"] = SIGSTORE_BUNDLE if is_new else f"application/vnd.dev.sigstore.bundle+json;version={version}"
    document["verificationMaterial"] = {
        **({"certificate": raw} if is_new else {"x509CertificateChain": {"certificates": [raw]}}),
        "tlogEntries": [{"logIndex": "123456", "integratedTime": "1793491200", "kindVersion": {"kind": "dsse"}}],
    }
    return json.dumps(document).encode()


def pushed_by_github(registry: MemoryRegistry, artifact: PinnedReference, content: bytes) -> str:
    """As a referrer with GitHub's annotations."""
    media_type = json.loads(content)["mediaType"]
    return referrer(
        registry,
        artifact,
        [Blob(media_type, content)],
        artifactType=media_type,
        annotations={
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": PROVENANCE,
            "org.opencontainers.image.created": "2026-11-01T00:00:00Z",
        },
    )
