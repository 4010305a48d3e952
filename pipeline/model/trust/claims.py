"""What a signature or attestation says of itself, before anybody has checked it: to show, never to believe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import TrustError
from pipeline.model.documents.printable import printable
from pipeline.model.documents.strict_json import JsonObject, decode_base64, object_in, parse_object, text_in
from pipeline.model.trust.evidence import Signature, SignatureFormat

_LONGEST_TYPE = 200
_DEEPEST = 100
"""Levels of nesting; what is deeper was written to hurt."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What stands in it; everything may be empty, and a lie."""

    predicate_type: str = ""
    predicate: Mapping[str, Any] | None = field(default=None, repr=False, hash=False)
    subjects: tuple[str, ...] = ()
    """Digests that the statement is about, as ``sha256:<hex>``."""
    certificate: str | bytes = field(default="", repr=False)
    """PEM, or DER in bytes; empty where it was made with a key."""
    signed_at: float | None = None
    """What a log's entry says, in seconds since the epoch."""
    log: str = ""
    """The log entry's index."""
    problem: str = ""
    """Why more could not be read."""


def read_claims(signature: Signature) -> Claims:
    """Everything that can be read of it without checking it."""
    try:
        if signature.is_envelope:
            return _in_envelope(parse_object(signature.content, "the envelope"), **_beside(signature))
        if signature.format is SignatureFormat.BUNDLE:
            return _in_bundle(parse_object(signature.content, "the bundle"))
        return Claims(**_beside(signature))
    except TrustError as error:
        return Claims(problem=error.message)


def claimed_type(signature: Signature) -> str:
    """The predicate type that it claims to have, fit to be shown; empty where there is none, or it cannot be read."""
    if signature.format is SignatureFormat.SIMPLE and not signature.is_envelope:
        return ""
    return printable(read_claims(signature).predicate_type, _LONGEST_TYPE)


def presentable(predicate: JsonObject) -> bool:
    """Whether it can be written as JSON again: no deeper than is decent, Unicode text and finite numbers alone."""
    level: list[Any] = [predicate]
    for _ in range(_DEEPEST):
        level = [item for value in level for item in _inside(value)]
        if not level:
            break
    else:
        return False
    try:
        json.dumps(predicate, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        return False
    return True


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _in_bundle(bundle: JsonObject) -> Claims:
    material = bundle.get("verificationMaterial")
    beside = _in_material(material) if isinstance(material, dict) else {}
    envelope = bundle.get("dsseEnvelope")
    if not isinstance(envelope, dict):
        return Claims(**beside, problem="the bundle holds no DSSE envelope")
    return _in_envelope(envelope, **beside)


def _in_material(material: JsonObject) -> dict[str, Any]:
    found: dict[str, Any] = {}
    chain = material.get("x509CertificateChain")
    certificates = chain.get("certificates") if isinstance(chain, dict) else None
    certificate = certificates[0] if isinstance(certificates, list) and certificates else material.get("certificate")
    raw = certificate.get("rawBytes") if isinstance(certificate, dict) else None
    if isinstance(raw, str):
        with suppress(TrustError):
            found["certificate"] = decode_base64(raw, "the bundle's certificate")
    entries = material.get("tlogEntries")
    if isinstance(entries, list) and entries and isinstance(entries[0], dict):
        found |= _in_entry(entries[0])
    return found


def _in_entry(entry: JsonObject) -> dict[str, Any]:
    index, seconds = _number(entry.get("logIndex")), _number(entry.get("integratedTime"))
    return {"log": "" if index is None else str(index), "signed_at": float(seconds) if seconds else None}


def _beside(signature: Signature) -> dict[str, Any]:
    if signature.keyless is None:
        return {}
    found: dict[str, Any] = {"certificate": signature.keyless.certificate}
    with suppress(TrustError):
        entry = parse_object(signature.keyless.log_entry.encode(errors="replace"), "the log entry")
        found |= _in_entry(object_in(entry, "Payload", "the log entry"))
    return found


def _in_envelope(envelope: JsonObject, **beside: Any) -> Claims:  # noqa: ANN401 - the fields of Claims
    try:
        payload = decode_base64(text_in(envelope, "payload", "the envelope"), "the envelope's payload")
        statement = parse_object(payload, "the signed statement")
        predicate = object_in(statement, "predicate", "the signed statement") if "predicate" in statement else {}
        predicate_type = text_in(statement, "predicateType", "the signed statement")
    except TrustError as error:
        return Claims(**beside, problem=error.message)
    is_shown = presentable(predicate)
    return Claims(
        predicate_type=predicate_type,
        predicate=predicate if is_shown else None,
        subjects=_subjects(statement.get("subject")),
        problem="" if is_shown else "its predicate is no decent JSON: nested too deep, no Unicode, or no numbers",
        **beside,
    )


def _subjects(value: object) -> tuple[str, ...]:
    digests = [item.get("digest") for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    found = [item.get("sha256") for item in digests if isinstance(item, dict)]
    return tuple(f"sha256:{text[:64]}" for text in found if isinstance(text, str))


def _number(value: object) -> int | None:
    # protobuf's JSON writes 64-bit numbers as text; nothing that anybody means has more digits than these.
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return (
        int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < len("1" * 16) else None
    )
