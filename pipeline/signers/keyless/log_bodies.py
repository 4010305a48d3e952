"""What a log entry is about: it must be this signature by this certificate over this content, and nothing else.

Formats: Rekor's types ``hashedrekord``, ``dsse`` and ``intoto``, each 0.0.1 and 0.0.2 (``sigstore/rekor``,
``pkg/types``; ``sigstore/rekor-tiles``). Without this check, any entry of the log would vouch for any signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.errors import TrustError
from pipeline.model.documents.strict_json import JsonObject, decode_base64, object_in, parse_object, text_in

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_SUBJECT = "the log entry's body"


@dataclass(frozen=True, slots=True)
class Signed:
    """What an entry must be about.

    ``signed`` are the bytes that ``signature`` is over; ``payload`` is what a DSSE envelope carries, ``None`` where
    there is no envelope; ``document`` is the whole file that the signature was found in.
    """

    certificate: Certificate
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    payload: bytes | None = field(default=None, repr=False)
    document: bytes = field(default=b"", repr=False)


def check_body(body: bytes, signed: Signed) -> None:
    """Accept an entry that is about exactly this signature.

    Raises:
        TrustError: it is about another one, or of a kind that does not say.
    """
    entry = parse_object(body, _SUBJECT)
    kind = kind_of(body)
    matches = _MATCHES.get((kind, signed.payload is not None))
    if matches is None:
        raise TrustError(f"its log entry is of the kind {ascii(kind)[:60]}, which does not say what it is about")
    try:
        holds = matches(object_in(entry, "spec", _SUBJECT), signed)
    except TrustError:
        holds = False
    if not holds:
        raise TrustError("its log entry is about another signature or artifact")


def kind_of(body: bytes) -> str:
    """Such as ``dsse 0.0.1``.

    Raises:
        TrustError: it cannot be read.
    """
    entry = parse_object(body, _SUBJECT)
    return f"{text_in(entry, 'kind', _SUBJECT)} {text_in(entry, 'apiVersion', _SUBJECT)}"


def _hashedrekord(spec: JsonObject, signed: Signed) -> bool:
    signature = object_in(spec, "signature", _SUBJECT)
    return (
        _is_hash(object_in(spec, "data", _SUBJECT), "hash", signed.signed)
        and decode_base64(text_in(signature, "content", _SUBJECT), _SUBJECT) == signed.signature
        and _is_certificate(text_in(object_in(signature, "publicKey", _SUBJECT), "content", _SUBJECT), signed)
    )


def _hashedrekord_v2(spec: JsonObject, signed: Signed) -> bool:
    inner = object_in(spec, "hashedRekordV002", _SUBJECT)
    return _is_output(inner, "data", signed.signed) and _is_by(object_in(inner, "signature", _SUBJECT), signed)


def _dsse_v2(spec: JsonObject, signed: Signed) -> bool:
    inner = object_in(spec, "dsseV002", _SUBJECT)
    return _is_output(inner, "payloadHash", signed.payload or b"") and _is_by(_only(inner.get("signatures")), signed)


def _is_output(parent: JsonObject, key: str, content: bytes) -> bool:
    data = object_in(parent, key, _SUBJECT)
    hashed = _PROTO_HASHES.get(text_in(data, "algorithm", _SUBJECT))
    return hashed is not None and decode_base64(text_in(data, "digest", _SUBJECT), _SUBJECT) == hashed(content).digest()


def _is_by(signature: JsonObject, signed: Signed) -> bool:
    verifier = object_in(object_in(signature, "verifier", _SUBJECT), "x509Certificate", _SUBJECT)
    return decode_base64(text_in(signature, "content", _SUBJECT), _SUBJECT) == signed.signature and decode_base64(
        text_in(verifier, "rawBytes", _SUBJECT), _SUBJECT
    ) == _der(signed)


def _dsse(spec: JsonObject, signed: Signed) -> bool:
    only = _only(spec.get("signatures"))
    return (
        _is_hash(spec, "payloadHash", signed.payload or b"")
        and decode_base64(text_in(only, "signature", _SUBJECT), _SUBJECT) == signed.signature
        and _is_certificate(text_in(only, "verifier", _SUBJECT), signed)
    )


def _intoto(spec: JsonObject, signed: Signed) -> bool:
    # Only the hash of the whole envelope is recorded, so it must be there as it was logged.
    return _is_hash(object_in(spec, "content", _SUBJECT), "hash", signed.document) and _is_certificate(
        text_in(spec, "publicKey", _SUBJECT), signed
    )


def _intoto_v2(spec: JsonObject, signed: Signed) -> bool:
    content = object_in(spec, "content", _SUBJECT)
    only = _only(object_in(content, "envelope", _SUBJECT).get("signatures"))
    # This type encodes the envelope's texts, which are base64 already, once more.
    encoded = decode_base64(text_in(only, "sig", _SUBJECT), _SUBJECT).decode("ascii", "replace")
    return (
        _is_hash(content, "payloadHash", signed.payload or b"")
        and decode_base64(encoded, _SUBJECT) == signed.signature
        and _is_certificate(text_in(only, "publicKey", _SUBJECT), signed)
    )


def _only(signatures: Any) -> JsonObject:  # noqa: ANN401 - whatever strangers wrote
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise TrustError(f"{_SUBJECT} must have exactly one signature")
    return signatures[0]


def _is_hash(parent: JsonObject, key: str, content: bytes) -> bool:
    found = object_in(parent, key, _SUBJECT)
    return found.get("algorithm") == "sha256" and found.get("value") == hashlib.sha256(content).hexdigest()


def _is_certificate(encoded_pem: str, signed: Signed) -> bool:
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(decode_base64(encoded_pem, _SUBJECT)) == signed.certificate
    except (ValueError, InvalidVersion):
        return False


def _der(signed: Signed) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return signed.certificate.public_bytes(Encoding.DER)


_PROTO_HASHES: Mapping[str, Any] = {"SHA2_256": hashlib.sha256, "SHA2_384": hashlib.sha384, "SHA2_512": hashlib.sha512}
_MATCHES: Mapping[tuple[str, bool], Callable[[JsonObject, Signed], bool]] = {
    ("hashedrekord 0.0.1", False): _hashedrekord,
    ("hashedrekord 0.0.2", False): _hashedrekord_v2,
    ("hashedrekord 0.0.2", True): _hashedrekord_v2,
    ("dsse 0.0.1", True): _dsse,
    ("dsse 0.0.2", True): _dsse_v2,
    ("intoto 0.0.1", True): _intoto,
    ("intoto 0.0.2", True): _intoto_v2,
}
"""By kind, and whether the signature is an envelope's."""
