"""JSON from strangers: whatever is wrong with it ends in one kind of error, and no key may hide another."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from pipeline.errors import TrustError

JsonObject = Mapping[str, Any]


def parse_object(content: bytes, what: str) -> JsonObject:
    """Read one JSON object in UTF-8.

    Two readers may take different values where a key is given twice, so that is refused, as protobuf's JSON does.

    Raises:
        TrustError: the content is anything else; ``what`` names it in the message.
    """
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise TrustError(f"{what} is not valid JSON") from None
    if not isinstance(value, dict):
        raise TrustError(f"{what} is not a JSON object")
    return value


def object_in(parent: JsonObject, key: str, what: str) -> JsonObject:
    """The object under the key.

    Raises:
        TrustError: there is none.
    """
    value = parent.get(key)
    if not isinstance(value, dict):
        raise TrustError(f"{what} lacks '{key}'")
    return value


def text_in(parent: JsonObject, key: str, what: str) -> str:
    """The text under the key.

    Raises:
        TrustError: there is none.
    """
    value = parent.get(key)
    if not isinstance(value, str):
        raise TrustError(f"{what} lacks '{key}'")
    return value


def decode_base64(text: str, what: str) -> bytes:
    """Decode standard base64 with padding, nothing else in it.

    Raises:
        TrustError: the text is anything else.
    """
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise TrustError(f"{what} is not base64") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
