"""Entries of transparency logs: read from bundles and from cosign 2's annotation, and checked with the log's key.

Formats: ``dev.sigstore.rekor.v1.TransparencyLogEntry`` (``sigstore/protobuf-specs``) in a bundle; Rekor's promise (SET)
and body as cosign 2 keeps them in ``dev.sigstore.cosign/bundle``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import TrustError
from pipeline.model.documents.printable import printable
from pipeline.model.documents.strict_json import JsonObject, decode_base64, object_in, parse_object, text_in
from pipeline.signers.keyless.opened_root import Log, OpenedRoot

_MAX_NUMBER = 2**63
_SUBJECT = "its log entry"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry, unchecked. ``document`` is its form in a bundle where it has a proof, which sigstore then checks."""

    index: int
    log_id: bytes
    body: bytes = field(repr=False)
    integrated_at: int | None = None
    """Seconds since the epoch, as the log says; only the promise vouches for it."""
    promise: bytes | None = field(default=None, repr=False)
    document: JsonObject | None = field(default=None, repr=False, hash=False)

    @property
    def has_proof(self) -> bool:
        """Whether it comes with a proof of inclusion in a signed tree."""
        return self.document is not None


def entry_in_bundle(document: JsonObject) -> LogEntry:
    """An element of a bundle's ``tlogEntries``.

    Raises:
        TrustError: it is malformed.
    """
    document = with_first_index(document)
    promise = document.get("inclusionPromise")
    proof = document.get("inclusionProof")
    has_proof = isinstance(proof, dict) and isinstance(proof.get("checkpoint"), dict)
    if promise is not None and not isinstance(promise, dict):
        raise TrustError(f"{_SUBJECT} is malformed")
    signed = decode_base64(text_in(promise, "signedEntryTimestamp", _SUBJECT), _SUBJECT) if promise else None
    return LogEntry(
        index=_number(document["logIndex"]),
        log_id=decode_base64(text_in(object_in(document, "logId", _SUBJECT), "keyId", _SUBJECT), _SUBJECT),
        body=decode_base64(text_in(document, "canonicalizedBody", _SUBJECT), _SUBJECT),
        integrated_at=_number(document["integratedTime"]) if document.get("integratedTime") else None,
        promise=signed,
        document=document if has_proof else None,
    )


def with_first_index(document: JsonObject) -> JsonObject:
    """The entry with its indexes where they are 0: protobuf's JSON leaves a zero out, and sigstore wants it there."""
    proof = document.get("inclusionProof")
    full = {"logIndex": "0", **document}
    return {**full, "inclusionProof": {"logIndex": "0", **proof}} if isinstance(proof, dict) else full


def entry_in_annotation(text: str) -> LogEntry:
    """The value of ``dev.sigstore.cosign/bundle``.

    Raises:
        TrustError: it is malformed.
    """
    document = parse_object(text.encode("utf-8", "surrogatepass"), _SUBJECT)
    payload = object_in(document, "Payload", _SUBJECT)
    try:
        log_id = bytes.fromhex(text_in(payload, "logID", _SUBJECT))
    except ValueError:
        raise TrustError(f"{_SUBJECT} is malformed") from None
    return LogEntry(
        index=_number(payload.get("logIndex")),
        log_id=log_id,
        body=decode_base64(text_in(payload, "body", _SUBJECT), _SUBJECT),
        integrated_at=_number(payload.get("integratedTime")),
        promise=decode_base64(text_in(document, "SignedEntryTimestamp", _SUBJECT), _SUBJECT),
    )


def check_entry(entry: LogEntry, root: OpenedRoot) -> tuple[Log, float | None]:
    """The log that the root names, and when it took the entry in; ``None`` where the log itself does not promise that.

    Raises:
        TrustError: the log is another one, or what it is said to have signed does not hold.
    """
    log = root.logs.get(entry.log_id)
    if log is None:
        raise TrustError(f"its log entry is from a transparency log that {root.source} does not name")
    if entry.document is not None:
        _check_proof(entry.document, root)
    elif entry.promise is None:
        raise TrustError("its log entry has neither a proof nor a promise that it is in the log")
    if entry.promise is None or entry.integrated_at is None:
        return log, None
    _check_promise(entry, entry.promise, root)
    return log, float(entry.integrated_at)


def check_log_in_use(log: Log, times: Sequence[float], root: OpenedRoot) -> None:
    """Accept a log that the root vouches for at all of these times, in seconds since the epoch.

    Raises:
        TrustError: it had not begun to, or had ended.
    """
    if not all(map(log.was_in_use, times)):
        raise TrustError(f"its log entry is from a time at which {root.source} does not vouch for the log {log.host}")


def _check_promise(entry: LogEntry, promise: bytes, root: OpenedRoot) -> None:
    from sigstore._internal.trust import KeyringPurpose
    from sigstore._utils import KeyID
    from sigstore.errors import Error

    signed = {
        "body": base64.b64encode(entry.body).decode("ascii"),
        "integratedTime": entry.integrated_at,
        "logID": entry.log_id.hex(),
        "logIndex": entry.index,
    }
    content = json.dumps(signed, separators=(",", ":"), sort_keys=True).encode("ascii")
    try:
        root.inner.rekor_keyring(KeyringPurpose.VERIFY).verify(
            key_id=KeyID(entry.log_id), signature=promise, data=content
        )
    except Error:
        raise TrustError("its log entry was changed: the log's promise (SET) does not hold for it") from None


def _check_proof(document: JsonObject, root: OpenedRoot) -> None:
    from pydantic import ValidationError
    from sigstore._internal.merkle import verify_merkle_inclusion
    from sigstore._internal.rekor.checkpoint import verify_checkpoint
    from sigstore._internal.trust import KeyringPurpose
    from sigstore.errors import Error
    from sigstore.models import TransparencyLogEntry
    from sigstore_models.rekor.v1 import TransparencyLogEntry as Document

    try:
        entry = TransparencyLogEntry(Document.from_json(json.dumps(document)))
        verify_merkle_inclusion(entry)
    except ValidationError:
        raise TrustError("its log entry is malformed") from None
    except Error:
        raise TrustError("its log entry was changed: the proof that it is in the log does not hold") from None
    try:
        verify_checkpoint(root.inner.rekor_keyring(KeyringPurpose.VERIFY), entry)
    except (Error, ValueError) as error:
        raise TrustError(
            f"the tree that its log entry is in was not signed by the log ({printable(str(error), 100)})"
        ) from None


def _number(value: Any) -> int:  # noqa: ANN401 - whatever strangers wrote; protobuf's JSON has numbers as text
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MAX_NUMBER:
        raise TrustError("its log entry is malformed")
    return value
