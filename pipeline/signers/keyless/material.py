"""What a keyless signature is made of, taken out of each of the forms that it is kept in; nothing is checked yet.

Formats: ``dev.sigstore.bundle.v1.Bundle`` 0.1 to 0.3 (``sigstore/protobuf-specs``), and cosign 2's annotations beside a
simple-signing payload or a bare DSSE envelope (``sigstore/cosign``, ``specs/SIGNATURE_SPEC.md``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.errors import TrustError
from pipeline.model.documents.strict_json import JsonObject, decode_base64, object_in, parse_object, text_in
from pipeline.model.trust.bundle import MAX_BUNDLE_BYTES, envelope_in
from pipeline.model.trust.evidence import KeylessMaterial, Signature, SignatureFormat
from pipeline.model.trust.simple_signing import MAX_PAYLOAD_BYTES
from pipeline.signers.keyless.certificates import read_certificate
from pipeline.signers.keyless.log_bodies import Signed
from pipeline.signers.keyless.log_entries import LogEntry, entry_in_annotation, entry_in_bundle

_BUNDLE = "the bundle"
_VERSIONS = {
    "application/vnd.dev.sigstore.bundle.v0.3+json": 3,
    "application/vnd.dev.sigstore.bundle+json;version=0.3": 3,
    "application/vnd.dev.sigstore.bundle+json;version=0.2": 2,
    "application/vnd.dev.sigstore.bundle+json;version=0.1": 1,
}
"""The second number of the version, by the media type."""
_WITH_PROOF, _WITHOUT_CHAIN = 2, 3
"""The versions since which a log entry must have its proof, and the certificate stands alone."""


@dataclass(frozen=True, slots=True)
class Material:
    """A signature with all that vouches for it. ``stamped`` is what its timestamps are over."""

    signed: Signed
    entry: LogEntry | None
    timestamps: tuple[bytes, ...] = field(repr=False)
    stamped: bytes = field(repr=False)


def read_material(signature: Signature) -> Material:
    """Take a signature apart.

    Raises:
        TrustError: it is malformed, or lacks its certificate.
    """
    if signature.keyless is None:
        return _in_bundle(signature.content)
    limit = MAX_BUNDLE_BYTES if signature.is_envelope else MAX_PAYLOAD_BYTES
    if len(signature.content) > limit:
        raise TrustError(f"the signed payload is larger than {limit} bytes")
    if signature.is_envelope:
        return _in_envelope(signature.content, signature.keyless)
    if signature.format is SignatureFormat.BUNDLE:
        raise TrustError("a bundle holds its certificate itself, not beside it")
    return _simple(signature, signature.keyless)


def _in_bundle(content: bytes) -> Material:
    if len(content) > MAX_BUNDLE_BYTES:
        raise TrustError(f"the bundle is larger than {MAX_BUNDLE_BYTES} bytes")
    bundle = parse_object(content, _BUNDLE)
    media_type = text_in(bundle, "mediaType", _BUNDLE)
    version = _VERSIONS.get(media_type)
    if version is None:
        raise TrustError(f"the bundle's media type is {ascii(media_type)[:120]}, expected version 0.1 to 0.3")
    if "messageSignature" in bundle:
        raise TrustError("the bundle holds a bare message signature, expected a DSSE envelope")
    material = object_in(bundle, "verificationMaterial", _BUNDLE)
    certificate = read_certificate(_certificate(material, version))
    envelope = envelope_in(object_in(bundle, "dsseEnvelope", _BUNDLE))
    signed = Signed(certificate, envelope.signature, envelope.signed_bytes, envelope.payload)
    return Material(signed, _entry(material, version), _timestamps(material), envelope.signature)


def _entry(material: JsonObject, version: int) -> LogEntry | None:
    entries = material.get("tlogEntries")
    if entries is None:
        return None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TrustError("the bundle's log entries are malformed")
    if not entries:
        return None
    if len(entries) > 1:
        raise TrustError(f"the bundle holds {len(entries)} log entries, expected one")
    entry = entry_in_bundle(entries[0])
    if version >= _WITH_PROOF and not entry.has_proof:
        raise TrustError("its log entry lacks the proof that it is in the log")
    return entry


def _certificate(material: JsonObject, version: int) -> bytes:
    """The signer's own; the others of older bundles are not needed: authorities come from the trusted root."""
    found = material.get("certificate")
    if version < _WITHOUT_CHAIN:
        chain = object_in(material, "x509CertificateChain", _BUNDLE).get("certificates")
        found = chain[0] if isinstance(chain, list) and chain else None
    if not isinstance(found, dict):
        raise TrustError("the bundle lacks the signer's certificate")
    return decode_base64(text_in(found, "rawBytes", "the bundle's certificate"), "the bundle's certificate")


def _timestamps(material: JsonObject) -> tuple[bytes, ...]:
    data = material.get("timestampVerificationData")
    if data is None:
        return ()
    found = data.get("rfc3161Timestamps", []) if isinstance(data, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise TrustError("the bundle's timestamps are malformed")
    return tuple(decode_base64(text_in(item, "signedTimestamp", _BUNDLE), "a timestamp") for item in found)


def _in_envelope(content: bytes, keyless: KeylessMaterial) -> Material:
    envelope = envelope_in(parse_object(content, "the envelope"))
    certificate = _pem_certificate(keyless.certificate)
    signed = Signed(certificate, envelope.signature, envelope.signed_bytes, envelope.payload, content)
    # cosign has the whole envelope stamped, not its signature.
    return Material(signed, _annotated_entry(keyless), _annotated_timestamp(keyless), content)


def _simple(signature: Signature, keyless: KeylessMaterial) -> Material:
    raw = decode_base64(signature.signature or "", "the signature")
    signed = Signed(_pem_certificate(keyless.certificate), raw, signature.content)
    return Material(signed, _annotated_entry(keyless), _annotated_timestamp(keyless), raw)


def _pem_certificate(pem: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - cryptography's own type
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(pem.encode("ascii"))
    except (ValueError, InvalidVersion):
        raise TrustError("the certificate in its annotations cannot be read") from None


def _annotated_entry(keyless: KeylessMaterial) -> LogEntry | None:
    return entry_in_annotation(keyless.log_entry) if keyless.log_entry else None


def _annotated_timestamp(keyless: KeylessMaterial) -> tuple[bytes, ...]:
    if not keyless.timestamp:
        return ()
    document = parse_object(keyless.timestamp.encode("utf-8", "surrogatepass"), "the timestamp")
    return (decode_base64(text_in(document, "SignedRFC3161Timestamp", "the timestamp"), "the timestamp"),)
