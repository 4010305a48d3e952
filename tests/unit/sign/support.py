"""Keys that cost nothing to open, artifacts in memory, and bundles written by hand, not by the code under test."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.ports import Clock
from pipeline.signers.cosign import CosignSigner
from pipeline.testing.registry import MemoryRegistry

DIGEST = "sha256:" + "ab" * 32
OTHER_DIGEST = "sha256:" + "cd" * 32
BUNDLE, SIMPLE = SignatureFormat.BUNDLE, SignatureFormat.SIMPLE

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def private_key(name: str, kind: str = "P-256") -> PrivateKey:
    """One key per name and kind for the whole run."""
    return _made(name, kind)


@cache
def _made(name: str, kind: str) -> PrivateKey:
    del name
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("RSA ")))
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[kind])


def public_pem(key: PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def signer(
    name: str = "ours",
    signature_format: SignatureFormat = BUNDLE,
    kind: str = "P-256",
    *,
    clock: Clock | None = None,
) -> CosignSigner:
    return CosignSigner(private_key(name, kind), f"{name}.pub", signature_format, clock)


def policy(*names: str, kind: str = "P-256") -> TrustPolicy:
    return TrustPolicy(tuple(PublicKey(public_pem(private_key(name, kind)), f"{name}.pub") for name in names))


def raw_signature(key: PrivateKey, content: bytes, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), algorithm or hashes.SHA256())
    return key.sign(content, ec.ECDSA(algorithm or hashes.SHA256()))


def statement(digest: str = DIGEST, **changes: object) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
        **changes,
    }


def bundle_document(
    payload: bytes,
    *,
    key: PrivateKey | None = None,
    payload_type: str = "application/vnd.in-toto+json",
    algorithm: hashes.HashAlgorithm | None = None,
) -> dict[str, Any]:
    key = key or private_key("ours")
    signed = f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode() + payload
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "mediaType": SIGSTORE_BUNDLE,
        "verificationMaterial": {
            "publicKey": {"hint": base64.b64encode(hashlib.sha256(der).digest()).decode()},
        },
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": payload_type,
            "signatures": [{"sig": base64.b64encode(raw_signature(key, signed, algorithm)).decode()}],
        },
    }


def bundle(document: dict[str, Any] | None = None, **changes: object) -> Signature:
    """A bundle whose statement has these changes, properly signed by our key; or exactly this document."""
    if document is None:
        document = bundle_document(json.dumps(statement(DIGEST, **changes)).encode())
    return Signature(BUNDLE, json.dumps(document).encode(), found_in=OTHER_DIGEST)


def simple(payload: dict[str, Any] | bytes, name: str = "ours") -> Signature:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    encoded = base64.b64encode(raw_signature(private_key(name), content)).decode()
    return Signature(SIMPLE, content, encoded, OTHER_DIGEST)


def simple_payload(digest: str = DIGEST) -> dict[str, Any]:
    return {
        "critical": {
            "identity": {"docker-reference": "registry.test/team/app"},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": None,
    }


def store(registry: MemoryRegistry, blob: Blob) -> Blob:
    registry.write_blob(blob.descriptor, lambda: (blob.content,))
    return blob


def stored_artifact(
    registry: MemoryRegistry, files: dict[str, bytes] | None = None, *, tag: str = "v1", revision: str = ""
) -> PinnedReference:
    files = files or {"settings.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"}
    artifact = build_artifact(pack(sorted(files.items())), source="https://git.test/shop", revision=revision)
    store(registry, artifact.config)
    store(registry, artifact.layer)
    descriptor = registry.write_manifest(artifact.manifest, tag)
    return PinnedReference(registry.repository, descriptor.digest, tag)


def referrer(registry: MemoryRegistry, subject: PinnedReference, layers: list[Blob], **changes: object) -> str:
    """Attach any layers as a referrer, as whoever may push could."""
    config = store(registry, Blob("application/vnd.oci.empty.v1+json", b"{}"))
    stored = registry.read_manifest(subject.digest)
    described = [
        {"mediaType": part.media_type, "digest": part.descriptor.digest, "size": len(part.content)}
        for part in [config, *(store(registry, layer) for layer in layers)]
    ]
    document = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described[0],
        "layers": described[1:],
        "subject": {"mediaType": stored.media_type, "digest": subject.digest, "size": len(stored.content)},
        **changes,
    }
    manifest = Blob("application/vnd.oci.image.manifest.v1+json", json.dumps(document).encode())
    return registry.write_manifest(manifest).digest
