"""What a scalar in YAML means to Go: go-yaml v2 as ``sigs.k8s.io/yaml`` uses it (``resolve.go``), then JSON.

Numbers come out as the API server's JSON decoder has them: whole numbers that fit into 64 bits are ``int``, everything
else is ``float``. Probed against kubectl, which the tests do again.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from functools import lru_cache

PLAIN = "plain"
"""Tag of a node without quotes and without a tag of its own. Compared by identity."""
QUOTED = "quoted"
"""Tag of a node in quotes, as a block scalar, or with the tag ``!``."""

SPECIAL_FIRST = "+-.0123456789yYnNtTfFoO~"
"""What a plain scalar must begin with (or be empty) to mean anything but its own text."""

_NUMBER_FIRST = "+-.0123456789"
_CACHED_LENGTH = 64
"""Numbers are short; what is longer is content, and there is no point in keeping that."""

_LONGEST_64_BIT = 128
"""Characters that an integer of 64 bits has at most in any base, with a few leading zeros."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_NOT_FINITE = frozenset(
    f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")
) | {".nan", ".NaN", ".NAN"}  # fmt: skip
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_BASES = {"x": 16, "b": 2, "o": 8}
_TAG = "tag:yaml.org,2002:"

Scalar = str | int | float | bool | None


def read_plain(text: str) -> Scalar:
    """The value of a scalar without quotes.

    Raises:
        ValueError: it is infinite or not a number, which JSON cannot hold; the message says so.
    """
    if text[:1] not in _NUMBER_FIRST:
        return _WORDS.get(text, text)
    return _read_number(text) if len(text) <= _CACHED_LENGTH else _read_number.__wrapped__(text)


@lru_cache(maxsize=8192)
def _read_number(text: str) -> Scalar:
    if not text:
        return None
    if text in _NOT_FINITE:
        raise ValueError(f"{text} is a number that JSON cannot hold")
    if text[0] == ".":
        return _finite(text) if _DOT_FLOAT.fullmatch(text) else text
    number = text.replace("_", "")
    if len(number) <= _LONGEST_64_BIT and _INTEGER.fullmatch(number):
        value = _integer(number)
        if -(2**63) <= value < 2**64:
            return go_integer(value)
    # Beyond 64 bits Go reads decimal digits as a float, whatever base they seem to be in.
    return _finite(number, text) if _FLOAT.fullmatch(number) else text


def read_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; tags that are not YAML's own leave the text as it is.

    Raises:
        ValueError: the text is not what the tag says.
    """
    name = tag.removeprefix(_TAG)
    if name == "binary":
        try:
            return base64.b64decode(text, validate=False).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("!!binary holds no base64 of UTF-8 text") from None
    types = {"int": int, "float": float, "bool": bool, "null": type(None)}
    if not tag.startswith(_TAG) or name not in types:
        return text
    value = read_plain(text)
    if name == "float" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if name == "float" and isinstance(value, float):
        return value
    if type(value) is not types[name]:
        raise ValueError(f"this is no !!{name}")
    return value


def go_integer(value: float) -> int | float:
    """A whole number as ``int`` where it fits into 64 bits: Go writes 1.0 as 1 and reads that back as an integer."""
    if -(2**63) <= value < 2**63:
        return int(value) if value == int(value) else value
    return float(value)


def _integer(number: str) -> int:
    sign = -1 if number[0] == "-" else 1
    digits = number.lstrip("+-").lower()
    if len(digits) > 1 and digits[0] == "0":
        return sign * (int(digits[2:], _BASES[digits[1]]) if digits[1] in _BASES else int(digits, 8))
    return sign * int(digits)


def _finite(number: str, text: str = "") -> Scalar:
    value = float(number)
    return go_integer(value) if math.isfinite(value) else text or number
