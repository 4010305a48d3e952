"""Sigstore bundles with a DSSE envelope made by a key: written as cosign 3 writes them, read strictly.

Format: ``dev.sigstore.bundle.v1.Bundle`` in protobuf's JSON mapping (``sigstore/protobuf-specs``,
``sigstore_bundle.proto``), version 0.3.
"""

from __future__ import annotations

import base64
import json
import re

from pipeline.errors import TrustError
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE
from pipeline.model.documents.strict_json import JsonObject, decode_base64, object_in, parse_object, text_in
from pipeline.model.trust.in_toto import PAYLOAD_TYPE, Envelope

BUNDLE_MEDIA_TYPE_PREFIX = "application/vnd.dev.sigstore.bundle"
MAX_BUNDLE_BYTES = 8 * 1024 * 1024
"""A key's signature takes 1 KiB and a keyless one 10 KiB; what is larger carries an attestation, such as an SBOM."""

_VERSION = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(?:\.v(?P<new>[0-9]+\.[0-9]+(?:\.[0-9]+)?)\+json"
    r"|\+json;version=(?P<old>[0-9]+\.[0-9]+))"
)


def write_bundle(envelope: Envelope, key_hint: str) -> bytes:
    """The bundle's JSON; ``key_hint`` is base64 of the SHA-256 of the public key's DER, as cosign fills it."""
    document = {
        "mediaType": SIGSTORE_BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": key_hint}},
        "dsseEnvelope": {
            "payload": _base64(envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [{"sig": _base64(envelope.signature)}],
        },
    }
    return json.dumps(document, separators=(",", ":")).encode("utf-8")


def read_envelope(content: bytes) -> Envelope:
    """Take the envelope out of a bundle that could be a key's signature; the signature is still to be checked.

    Raises:
        TrustError: it is malformed, of a version that cosign 3 would not read, or made without a key.
    """
    if len(content) > MAX_BUNDLE_BYTES:
        raise TrustError(f"the bundle is larger than {MAX_BUNDLE_BYTES} bytes")
    bundle = parse_object(content, "the bundle")
    _check_version(text_in(bundle, "mediaType", "the bundle"))
    material = object_in(bundle, "verificationMaterial", "the bundle")
    if "publicKey" not in material:
        raise TrustError("the bundle was made with a certificate (keyless), not with a key")
    if "messageSignature" in bundle:
        raise TrustError("the bundle holds a bare message signature, expected a DSSE envelope")
    return envelope_in(object_in(bundle, "dsseEnvelope", "the bundle"))


def read_bare_envelope(content: bytes) -> Envelope:
    """Read a DSSE envelope that stands alone, as cosign 2 keeps attestations; its signature is still to be checked.

    Raises:
        TrustError: it is malformed, or too large.
    """
    if len(content) > MAX_BUNDLE_BYTES:
        raise TrustError(f"the envelope is larger than {MAX_BUNDLE_BYTES} bytes")
    return envelope_in(parse_object(content, "the envelope"))


def envelope_in(envelope: JsonObject) -> Envelope:
    """Read the JSON object of a DSSE envelope; its signature is still to be checked.

    Raises:
        TrustError: it is malformed, or carries no in-toto statement.
    """
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise TrustError("the envelope must have exactly one signature")
    payload_type = text_in(envelope, "payloadType", "the envelope")
    if payload_type != PAYLOAD_TYPE:
        raise TrustError(f"the envelope's payload type is {ascii(payload_type)[:120]}, expected {PAYLOAD_TYPE}")
    return Envelope(
        payload_type,
        decode_base64(text_in(envelope, "payload", "the envelope"), "the envelope's payload"),
        decode_base64(text_in(signatures[0], "sig", "the envelope's signature"), "the envelope's signature"),
    )


def _check_version(media_type: str) -> None:
    match = _VERSION.fullmatch(media_type)
    version = (match["new"] or match["old"]) if match else ""
    if version.split(".")[:2] != ["0", "3"]:
        raise TrustError(f"the bundle's media type is {ascii(media_type)[:120]}, expected version 0.3")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
