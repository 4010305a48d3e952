"""When a Notary Project signature was made, in the words that its signer signed.

Formats: Notary Project ``specifications/signature-envelope-jws.md`` and ``signature-envelope-cose.md`` (the protected
headers ``io.cncf.notary.signingTime`` and ``authenticSigningTime``), CBOR (RFC 8949) as far as COSE_Sign1 needs it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.documents.strict_json import parse_object, text_in
from pipeline.model.documents.times import parse_time

_TIMES = ("io.cncf.notary.authenticSigningTime", "io.cncf.notary.signingTime")
_DEEPEST = 16
_MOST_ENTRIES = 4096
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _OTHER = range(8)
_ONE_BYTE, _EIGHT_BYTES = 24, 27
_COSE_SIGN1_PARTS = 4


def signing_time(envelope: bytes) -> float | None:
    """Seconds since the epoch, UTC; ``None`` where the envelope, which must have been verified, does not tell."""
    try:
        headers = _jws_headers(envelope) if envelope.lstrip()[:1] == b"{" else _cose_headers(envelope)
    except (TrustError, ValueError, RecursionError):
        return None
    return next((time for time in (_seconds(headers.get(name)) for name in _TIMES) if time is not None), None)


def _seconds(value: object) -> float | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < 2**40 else None
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value)
    except ConfigurationError:
        return None


def _jws_headers(envelope: bytes) -> Mapping[Any, Any]:
    text = text_in(parse_object(envelope, "the envelope"), "protected", "the envelope")
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(text[:20]) from error
    headers = json.loads(content)
    return headers if isinstance(headers, dict) else {}


def _cose_headers(envelope: bytes) -> Mapping[Any, Any]:
    parts = _Cbor(envelope).read()
    if not isinstance(parts, list) or len(parts) != _COSE_SIGN1_PARTS or not isinstance(parts[0], bytes):
        return {}
    headers = _Cbor(parts[0]).read()
    return headers if isinstance(headers, dict) else {}


class _Cbor:
    """Reads one item; tags are dropped, and what is not needed here (indefinite lengths) is a ``ValueError``."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def read(self, depth: int = 0) -> Any:  # noqa: ANN401 - any CBOR item
        if depth > _DEEPEST:
            raise ValueError(depth)
        first = self._take(1)[0]
        kind, information = first >> 5, first & 0x1F
        number = self._number(information)
        if kind in {_UNSIGNED, _NEGATIVE}:
            return number if kind == _UNSIGNED else -1 - number
        if kind == _BYTES:
            return self._take(number)
        if kind == _TEXT:
            return self._take(number).decode("utf-8")
        if kind == _TAG:
            return self.read(depth + 1)
        if kind == _OTHER:
            return None
        if number > _MOST_ENTRIES:
            raise ValueError(number)
        if kind == _ARRAY:
            return [self.read(depth + 1) for _ in range(number)]
        return {self._key(depth): self.read(depth + 1) for _ in range(number)}

    def _key(self, depth: int) -> int | str | bytes | None:
        key: int | str | bytes | None = self.read(depth + 1)
        if not isinstance(key, int | str | bytes | None):
            raise ValueError(type(key).__name__)  # noqa: TRY004 - malformed, whatever its type
        return key

    def _number(self, information: int) -> int:
        if information < _ONE_BYTE:
            return information
        if information > _EIGHT_BYTES:
            raise ValueError(information)
        return int.from_bytes(self._take(1 << (information - _ONE_BYTE)), "big")

    def _take(self, count: int) -> bytes:
        taken = self._content[self._at : self._at + count]
        if len(taken) != count:
            raise ValueError(count)
        self._at += count
        return taken
