"""Data for CEL that JSON has no words for, and data that cannot be handed to it.

CEL's runtime knows a protobuf message by the full name that its class tells; nothing else of protobuf is needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from pipeline.errors import UnsupportedExpressionError

_MANY_DIGITS = re.compile("[0-9]{18}")
_LOST = re.compile("[\0\ud800-\udfff]")
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class _Named:
    full_name: str


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time: seconds since the epoch, and nanoseconds."""

    DESCRIPTOR: ClassVar[_Named] = _Named("google.protobuf.Timestamp")
    seconds: int
    nanos: int = 0


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time; both parts have the same sign."""

    DESCRIPTOR: ClassVar[_Named] = _Named("google.protobuf.Duration")
    seconds: int
    nanos: int = 0

    @classmethod
    def of(cls, span: timedelta) -> Duration:
        """The same span."""
        whole = span // timedelta(microseconds=1)
        seconds, rest = divmod(abs(whole), 1_000_000)
        sign = -1 if whole < 0 else 1
        return cls(sign * seconds, sign * rest * 1000)


def handed_over(value: Any) -> Any:  # noqa: ANN401 - JSON data
    """The same data, in which whole numbers that no API server keeps exactly are approximate, as there.

    Raises:
        UnsupportedExpressionError: the runtime would take a text's NUL for its end, or cannot take it at all.
    """
    text = json.dumps(value, ensure_ascii=False)
    is_plain = "\\u0000" not in text and (text.isascii() or not _LOST.search(text)) and not _MANY_DIGITS.search(text)
    return value if is_plain else _checked(value)


def _checked(value: Any) -> Any:  # noqa: ANN401 - JSON data
    if isinstance(value, Mapping):
        return {_text(key): _checked(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(content) for content in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST <= value < _LARGEST:
        return float(value)
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    if _LOST.search(text):
        raise UnsupportedExpressionError("a text with NUL or half a surrogate pair cannot be judged", is_final=False)
    return text
